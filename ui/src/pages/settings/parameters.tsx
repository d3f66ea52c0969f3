import { type FormEvent, useState } from "react";
import { Link } from "react-router";
import { useChecks, useGoals, useParameters, usePutParameter } from "@/api/queries";
import { may, useSession } from "@/api/session";
import type { Parameter } from "@/api/types";
import { useFilters } from "@/lib/filters";
import { day, plural } from "@/lib/format";
import { attributeLabel, sentence } from "@/lib/words";
import { Dialog } from "@/ui/dialog";
import { Checkbox, Field, Select } from "@/ui/field";
import { Icon } from "@/ui/icons";
import { EmptyState, ErrorState, Notice, PageHead, Skeleton } from "@/ui/page";
import { SearchBox } from "@/ui/searchbox";
import { type Column, DataTable } from "@/ui/table";
import { notify } from "@/ui/toast";
import { parameterWord, parseValue } from "@/lib/parameter";

// How many rows are shown at first, and with each request for more.
const step = 50;

/** Parameters are the thresholds, cadences and windows that checks decide by. */
export function Component() {
  const parameters = useParameters();
  const checks = useChecks();
  const goals = useGoals();
  const [most, setMost] = useState(step);
  const session = useSession();
  const { filters, set } = useFilters("q", "show", "goal");
  const [editing, setEditing] = useState<Parameter | null>(null);
  const manages = may(session, "manage_parameters");
  const wanted = filters.q.toLowerCase();
  const goalOf = new Map((checks.data ?? []).map((check) => [check.id, check.goal]));
  const rows = (parameters.data ?? []).filter(
    (one) =>
      (filters.show !== "own" || one.override) &&
      (!filters.goal || goalOf.get(one.check) === filters.goal) &&
      (!wanted || `${one.check} ${one.name} ${one.doc}`.toLowerCase().includes(wanted)),
  );

  const columns: Column<Parameter>[] = [
    {
      id: "name",
      header: "Parameter",
      cell: (one) => (
        <>
          <strong>{attributeLabel(one.name)}</strong>
          <p className="value-note">{one.doc}</p>
        </>
      ),
    },
    {
      id: "check",
      header: "Check",
      cell: (one) => {
        const check = checks.data?.find((other) => other.id === one.check);
        if (!one.check) return "All checks";
        return check ? <Link to={`/goals/${check.goal}/checks/${check.id}`}>{check.title}</Link> : <span className="mono small">{one.check}</span>;
      },
    },
    {
      id: "value",
      header: "In force",
      cell: (one) => (
        <>
          <strong className="num">{parameterWord(one.value, one.units)}</strong>
          {one.override && (
            <p className="value-note">
              Set by {one.override.by} on {day(one.override.at)}: {one.override.reason}
            </p>
          )}
        </>
      ),
    },
    {
      id: "default",
      header: "Default",
      cell: (one) => (
        <>
          <span className="num">{parameterWord(one.default, one.units)}</span>
          {one.citation && <p className="value-note">{one.citation}</p>}
        </>
      ),
    },
  ];
  if (manages) {
    columns.push({
      id: "edit",
      header: "Change",
      cell: (one) => (
        <button type="button" className="button" onClick={() => setEditing(one)}>
          Change<span className="visually-hidden"> {attributeLabel(one.name)}</span>
        </button>
      ),
    });
  }

  return (
    <div className="page">
      <PageHead
        title="Parameters"
        lead="What the checks decide by. Each default cites its source. A change is kept with your name and reason, and the goals are decided anew."
      />
      {parameters.error && <ErrorState error={parameters.error} retry={() => void parameters.refetch()} />}
      <section className="panel" data-flush aria-label="Parameters">
        <div className="toolbar">
          <SearchBox label="Search parameters" />
          <Select label="Goal" value={filters.goal} onChange={(event) => set({ goal: event.target.value })}>
            <option value="">All goals</option>
            {goals.data?.map((goal) => (
              <option key={goal.id} value={goal.id}>
                {goal.number}. {goal.title}
              </option>
            ))}
          </Select>
          <Select label="Show" value={filters.show} onChange={(event) => set({ show: event.target.value })}>
            <option value="">All</option>
            <option value="own">Changed by you</option>
          </Select>
          <p className="muted toolbar-count" role="status">
            {parameters.data && plural(rows.length, "parameter")}
          </p>
        </div>
        {parameters.isPending && <Skeleton lines={8} />}
        {parameters.data && rows.length === 0 && <EmptyState title="No parameter fits" action={<Link to="/settings/parameters">Show all</Link>} />}
        {rows.length > 0 && (
          <DataTable caption="Parameters" columns={columns} rows={rows.slice(0, most)} rowKey={(one) => `${one.check}.${one.name}`} />
        )}
        {rows.length > most && (
          <div className="pager">
            <p className="num muted">
              {most} of {plural(rows.length, "parameter")}
            </p>
            <button type="button" className="button" onClick={() => setMost(most + step)}>
              Show more
            </button>
          </div>
        )}
      </section>
      {editing && <Edit parameter={editing} onClose={() => setEditing(null)} />}
    </div>
  );
}

function Edit({ parameter, onClose }: { parameter: Parameter; onClose: () => void }) {
  const put = usePutParameter();
  const [text, setText] = useState(Array.isArray(parameter.value) ? parameter.value.join(", ") : String(parameter.value));
  const [reason, setReason] = useState("");
  const parsed = parseValue(parameter.type, text);
  const [touched, setTouched] = useState(false);

  function save(next: unknown) {
    put.mutate(
      { check: parameter.check, name: parameter.name, value: next, reason },
      {
        onSuccess: () => {
          notify(`${attributeLabel(parameter.name)} was changed. The goals are being decided anew.`);
          onClose();
        },
      },
    );
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    setTouched(true);
    if (parsed.error === undefined && reason.trim()) save(parsed.value);
  }

  return (
    <Dialog title={attributeLabel(parameter.name)} open onClose={onClose}>
      <form className="form" onSubmit={submit} noValidate>
        <p className="muted">
          {sentence(parameter.doc)} Default {parameterWord(parameter.default, parameter.units)}
          {parameter.citation && `, from ${parameter.citation}`}.
        </p>
        {parameter.type === "bool" ? (
          <Checkbox label="Yes" checked={text === "true"} onChange={(event) => setText(String(event.target.checked))} />
        ) : (
          <Field
            label={parameter.units ? `Value, in ${parameter.units}` : "Value"}
            required
            value={text}
            inputMode={parameter.type === "int" || parameter.type === "double" ? "decimal" : "text"}
            onChange={(event) => setText(event.target.value)}
            error={touched ? parsed.error : undefined}
          />
        )}
        <Field
          label="Reason"
          required
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          hint="Kept in the record with your name. An auditor will read it."
          error={touched && !reason.trim() ? "Say why, so that it can be followed later." : undefined}
        />
        {put.error && <ErrorState error={put.error} />}
        {parameter.override && (
          <Notice>
            <p>
              It was changed before.{" "}
              <button type="button" className="link-button" disabled={!reason.trim()} onClick={() => save(null)}>
                Return to the default
              </button>{" "}
              (needs a reason too).
            </p>
          </Notice>
        )}
        <div className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button" data-primary disabled={put.isPending}>
            <Icon name="check" size={16} />
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}
