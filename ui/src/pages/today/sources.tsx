import { Link } from "react-router";
import type { Source } from "@/api/types";
import { ago, count, moment } from "@/lib/format";
import { assuranceMeaning, assuranceWord, capital } from "@/lib/words";
import { Icon } from "@/ui/icons";
import { EmptyState } from "@/ui/page";
import { type Column, DataTable } from "@/ui/table";

const columns: Column<Source>[] = [
  {
    id: "title",
    header: "Source",
    cell: (source) => <strong>{capital(source.title)}</strong>,
  },
  {
    id: "fresh",
    header: "Fresh",
    cell: (source) => (
      <span className="badge" data-tone={source.fresh ? "met" : "partly_met"}>
        <Icon name={source.fresh ? "check" : "clock"} size={14} />
        {source.fresh ? "Fresh" : "Getting old"}
      </span>
    ),
  },
  {
    id: "observed",
    header: "As it was",
    cell: (source) => (
      <span className="nowrap" title={moment(source.observed_at)}>
        {ago(source.observed_at)}
      </span>
    ),
  },
  {
    id: "assurance",
    header: "Kind",
    cell: (source) => <span title={assuranceMeaning[source.assurance]}>{assuranceWord[source.assurance] ?? source.assurance}</span>,
  },
  { id: "facts", header: "Facts", end: true, cell: (source) => <span className="num">{count(source.facts)}</span> },
  {
    id: "notes",
    header: "Could not be read",
    cell: (source) =>
      source.notes.length === 0 ? (
        <span className="muted">–</span>
      ) : (
        <ul className="notes">
          {source.notes.slice(0, 3).map((note, at) => (
            <li key={at}>
              {note.what}: <span className="muted">{note.why}</span>
            </li>
          ))}
          {source.notes.length > 3 && <li className="muted">and {count(source.notes.length - 3)} more</li>}
        </ul>
      ),
  },
];

/** Sources tells where facts come from, how old they are and what they lack. */
export function Sources({ sources }: { sources: Source[] }) {
  if (sources.length === 0) {
    return (
      <EmptyState title="No source yet" action={<Link to="/imports">Bring a file</Link>}>
        <p>An assessment reads this machine by itself. Scans, rosters and exports come in as files.</p>
      </EmptyState>
    );
  }
  return <DataTable caption="Sources and how fresh they are" columns={columns} rows={sources} rowKey={(source) => source.id} />;
}
