import { useParams } from "react-router";
import { useImport } from "@/api/queries";
import { bytes, count, moment } from "@/lib/format";
import { matchWord } from "@/lib/mapping";
import { attributeLabel, capital } from "@/lib/words";
import { EmptyState, ErrorState, FactRow, Facts, PageHead, Panel, Skeleton } from "@/ui/page";
import { Diff } from "./diff";
import { Faults } from "./faults";
import { changesText } from "./words";
import "./imports.css";

/** One import: what the file was, what it changed, and what was left out. */
export function Component() {
  const { id = "" } = useParams();
  const one = useImport(id);
  const data = one.data;
  return (
    <div className="page">
      <PageHead
        title={data?.name ?? "Import"}
        crumbs={[{ to: "/imports", label: "Imports" }]}
        lead={data && `${capital(data.title)}, brought by ${data.by} on ${moment(data.at)}.`}
      />
      {one.error && <ErrorState error={one.error} retry={() => void one.refetch()} />}
      {one.isPending && <Skeleton lines={10} />}
      {data && (
        <div className="columns">
          <div className="stack" data-wide>
            <Panel title="What it changed" note={changesText(data.changes)}>
              {data.diff.length > 0 ? <Diff rows={data.diff} /> : <EmptyState title="It changed nothing" />}
            </Panel>
            {data.faults.length > 0 && (
              <Panel title="Rows left out">
                <Faults faults={data.faults} more={Math.max(0, data.skipped - data.faults.length)} />
              </Panel>
            )}
          </div>
          <div className="stack" data-wide>
            <Panel title="The file">
              <Facts>
                <FactRow name="As it was">{moment(data.observed_at)}</FactRow>
                <FactRow name="Rows">{count(data.rows)}</FactRow>
                <FactRow name="Left out">{count(data.skipped)}</FactRow>
                <FactRow name="Size">{bytes(data.size)}</FactRow>
                <FactRow name="Stream">
                  <span className="mono">{data.stream}</span>
                </FactRow>
                <FactRow name="SHA-256">
                  <span className="mono">{data.sha256}</span>
                </FactRow>
              </Facts>
            </Panel>
            {data.mapping && (
              <Panel title="How its columns were read">
                <Facts>
                  {data.mapping.columns.map((column) => (
                    <FactRow key={column.header} name={column.header}>
                      {column.field ? attributeLabel(column.field) : "Left out"} <span className="muted small">{matchWord(column.match)}</span>
                    </FactRow>
                  ))}
                </Facts>
              </Panel>
            )}
            {data.notes.length > 0 && (
              <Panel title="What it could not tell">
                <ul className="stack">
                  {data.notes.map((note, at) => (
                    <li key={at}>
                      {note.what}: <span className="muted">{note.why}</span>
                    </li>
                  ))}
                </ul>
              </Panel>
            )}
          </div>
        </div>
      )}
    </div>
  );
}
