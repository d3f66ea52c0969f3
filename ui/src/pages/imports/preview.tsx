import { useEffect, useState } from "react";
import { Link } from "react-router";
import { type Problem, problemOf } from "@/api/client";
import { useImportFile } from "@/api/queries";
import type { ColumnMapping, ImportOutcome } from "@/api/types";
import { bytes, plural } from "@/lib/format";
import { changed, type Choice, missingFields, startChoice } from "@/lib/mapping";
import { Checkbox, Field } from "@/ui/field";
import { Icon } from "@/ui/icons";
import { Notice, Skeleton } from "@/ui/page";
import { notify } from "@/ui/toast";
import { Diff } from "./diff";
import { Faults } from "./faults";
import { Mapping } from "./mapping";
import { changesText } from "./words";

/**
 * Preview reads one file without storing anything, shows what it would change,
 * asks what it must, and imports it once a person says so.
 */
export function Preview({ file, onRemove }: { file: File; onRemove: () => void }) {
  const run = useImportFile();
  const [skipRows, setSkipRows] = useState(false);
  const [complete, setComplete] = useState(false);
  const [observed, setObserved] = useState("");
  const [directory, setDirectory] = useState("");
  const [seen, setSeen] = useState<ImportOutcome | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [mapping, setMapping] = useState<ColumnMapping | null>(null);
  const [choice, setChoice] = useState<Choice>({});
  // Once a person has said what the columns are, every later reading says so too.
  const [answered, setAnswered] = useState(false);
  const [stored, setStored] = useState<ImportOutcome | null>(null);

  async function send(dryRun: boolean, over: { skipRows?: boolean } = {}) {
    setProblem(null);
    try {
      const confirmed = mapping && (answered || mapping.unsure || changed(choice, mapping.columns));
      if (confirmed) setAnswered(true);
      const outcome = await run.mutateAsync({
        file,
        dryRun,
        options: {
          skip_rows: over.skipRows ?? skipRows,
          complete,
          modified_at: new Date(file.lastModified).toISOString(),
          ...(observed ? { observed_at: `${observed}T00:00:00Z` } : {}),
          ...(confirmed ? { table: mapping.table, columns: choice } : {}),
          ...(directory ? { options: { directory } } : {}),
        },
      });
      if (outcome.mapping) keepMapping(outcome.mapping);
      if (dryRun) setSeen(outcome);
      else {
        setStored(outcome);
        notify(outcome.same ? `${file.name} was brought before; nothing changed.` : `${file.name} was imported.`);
      }
    } catch (error) {
      const told = problemOf(error);
      setProblem(told);
      setSeen(null);
      if (told.mapping) keepMapping(told.mapping);
    }
  }

  function keepMapping(next: ColumnMapping) {
    setMapping(next);
    setChoice(startChoice(next.columns));
  }

  // The first reading starts by itself, once; later ones follow a choice.
  useEffect(() => {
    void send(true);
  }, []);

  // What the server accepted as it stands needs no second opinion.
  const asked = mapping !== null && (!seen || changed(choice, mapping.columns));
  const blocked = asked && missingFields(choice, mapping.fields).length > 0;
  // A refusal may be a question about the columns, or about rows of a table whose columns are clear.
  const rowFaults = !!problem?.mapping && !problem.mapping.unsure && (problem.faults?.length ?? 0) > 0;
  const accounts = (seen?.format ?? problem?.format ?? mapping?.table ?? "").includes("account");

  if (stored) {
    return (
      <article className="panel file" aria-label={file.name}>
        <FileHead file={file} title={stored.title} onRemove={onRemove} />
        <Notice tone="good">
          <p>
            <strong>{stored.same ? "This very file was brought before. Nothing changed." : `Imported: ${changesText(stored.changes)}.`}</strong>
          </p>
          <p>
            {stored.job ? "The goals are being decided anew. " : ""}
            {stored.id && <Link to={`/imports/${stored.id}`}>See what it said</Link>}
          </p>
        </Notice>
      </article>
    );
  }

  return (
    <article className="panel file" aria-label={file.name}>
      <FileHead file={file} title={seen?.title} onRemove={onRemove} />
      {run.isPending && !seen && !problem && <Skeleton lines={3} />}

      {problem && (!problem.mapping || rowFaults) && (
        <div className="stack">
          <Notice tone="bad">
            <p>
              <strong>{problem.detail}</strong>
            </p>
            {problem.hint && <p>{problem.hint}</p>}
          </Notice>
          {problem.faults && problem.faults.length > 0 && (
            <>
              <Faults faults={problem.faults} more={problem.more ?? 0} />
              {!skipRows && (
                <p>
                  <button
                    type="button"
                    className="button"
                    onClick={() => {
                      setSkipRows(true);
                      void send(true, { skipRows: true });
                    }}
                  >
                    Leave these rows out and read the rest
                  </button>
                </p>
              )}
            </>
          )}
        </div>
      )}

      {seen && (
        <div className="stack">
          {seen.same ? (
            <Notice>
              <p>
                <strong>This very file was brought before.</strong> Importing it again changes nothing.
              </p>
            </Notice>
          ) : (
            <p className="file-sum">
              Would change: <strong>{changesText(seen.changes)}</strong>, from {plural(seen.rows, "row")}
              {seen.skipped > 0 && `, ${plural(seen.skipped, "row")} left out`}.
            </p>
          )}
          {seen.notes.map((note, at) => (
            <p key={at} className="muted">
              {note.what}: {note.why}
            </p>
          ))}
          {seen.faults.length > 0 && <Faults faults={seen.faults} more={Math.max(0, seen.skipped - seen.faults.length)} />}
        </div>
      )}

      {mapping && (
        <details className="disclosure" open={mapping.unsure || (!!problem?.mapping && !rowFaults)}>
          <summary>Columns and what they are</summary>
          <Mapping mapping={mapping} choice={choice} asked={asked} onChange={setChoice} />
        </details>
      )}

      {seen && seen.diff.length > 0 && (
        <details className="disclosure">
          <summary>Show what would change</summary>
          <Diff rows={seen.diff} />
        </details>
      )}

      {(seen || mapping) && (
        <details className="disclosure">
          <summary>Choices for this file</summary>
          <div className="form file-options">
            <Field
              label="As of"
              type="date"
              value={observed}
              onChange={(event) => setObserved(event.target.value)}
              hint="When the file was true. Left empty, Asepsis takes the date in the file, or the file's own."
            />
            {accounts && (
              <Field
                label="Directory"
                value={directory}
                onChange={(event) => setDirectory(event.target.value)}
                placeholder="ad, entra, okta, google, ehr"
                hint="Where these accounts live, so that two directories are not mixed."
              />
            )}
            <Checkbox
              label="The file lists everything"
              hint="What it does not name counts as gone. Choose this only for a complete list."
              checked={complete}
              onChange={(event) => setComplete(event.target.checked)}
            />
            <Checkbox
              label="Leave out rows with faults"
              hint="Otherwise one bad row refuses the whole file."
              checked={skipRows}
              onChange={(event) => setSkipRows(event.target.checked)}
            />
            <div>
              <button type="button" className="button" disabled={run.isPending || blocked} onClick={() => void send(true)}>
                Read again with these choices
              </button>
            </div>
          </div>
        </details>
      )}

      {(seen || mapping) && (
        <div className="actions">
          {seen && !asked ? (
            <button type="button" className="button" data-primary disabled={run.isPending || blocked} onClick={() => void send(false)}>
              {run.isPending ? "Working" : "Import"}
            </button>
          ) : (
            <button type="button" className="button" data-primary disabled={run.isPending || blocked} onClick={() => void send(true)}>
              {run.isPending ? "Reading" : "Confirm columns and read"}
            </button>
          )}
          <button type="button" className="button" onClick={onRemove}>
            Do not import
          </button>
        </div>
      )}
    </article>
  );
}

function FileHead({ file, title, onRemove }: { file: File; title?: string | undefined; onRemove: () => void }) {
  return (
    <div className="file-head">
      <Icon name="file" />
      <h3>{file.name}</h3>
      {title && <span className="tag">{title}</span>}
      <span className="muted small num">{bytes(file.size)}</span>
      <button type="button" className="icon-button" aria-label={`Take ${file.name} off this page`} onClick={onRemove}>
        <Icon name="close" size={16} />
      </button>
    </div>
  );
}
