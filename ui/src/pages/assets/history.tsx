import { useState } from "react";
import { Link, useParams } from "react-router";
import { useAssetHistory, useUndoMerge } from "@/api/inventory";
import { useResource } from "@/api/queries";
import { may, useSession } from "@/api/session";
import type { AssetHistory } from "@/api/types";
import { day, moment } from "@/lib/format";
import { resourceLink } from "@/lib/links";
import { attributeLabel, attributeValue, capital, keyWord, kindWord } from "@/lib/words";
import { Dialog } from "@/ui/dialog";
import { Field } from "@/ui/field";
import { EmptyState, ErrorState, PageHead, Panel, Skeleton } from "@/ui/page";
import { type Column, DataTable, More } from "@/ui/table";
import "./assets.css";
import { notify } from "@/ui/toast";

type Change = AssetHistory["changes"][number];
type Link_ = AssetHistory["identity"][number];
type Merge = AssetHistory["merges"][number];

const changes: Column<Change>[] = [
  { id: "at", header: "When", cell: (one) => <span className="num nowrap">{moment(one.at)}</span> },
  { id: "what", header: "What", cell: (one) => whatWord(one.what) },
  { id: "before", header: "Before", cell: (one) => <Told name={one.what} v={one.before} /> },
  { id: "after", header: "After", cell: (one) => <Told name={one.what} v={one.after} /> },
  { id: "who", header: "Who says so", cell: (one) => capital(one.title) },
];

/** Recognized is one joining of what a source saw: by all of its keys, for one reason. */
interface Recognized {
  keys: string[];
  reason: string;
  title: string;
  first: string;
  last: string;
}

/** recognized puts the keys together that came with the same reason; each would repeat it. */
function recognized(links: Link_[]): Recognized[] {
  const found = new Map<string, Recognized>();
  for (const one of links) {
    const name = `${one.stream} ${one.reason}`;
    const have = found.get(name);
    if (!have) {
      found.set(name, { keys: [one.key], reason: one.reason, title: one.title, first: one.first, last: one.last });
      continue;
    }
    if (!have.keys.includes(one.key)) have.keys.push(one.key);
    if (one.first < have.first) have.first = one.first;
    if (one.last > have.last) have.last = one.last;
  }
  return [...found.values()];
}

/** An attribute by its label; what lives on the device by its kind: endpoint 443/tcp → Network service 443/tcp. */
function whatWord(what: string): string {
  const [kind = "", name] = what.split(/ (.*)/s);
  return name && kind !== "first" ? `${capital(kindWord(kind, 1))} ${name}` : attributeLabel(what);
}

function Told({ name, v }: { name: string; v: unknown }) {
  return v === null || v === undefined ? <span className="muted">–</span> : <span className="num">{attributeValue(name, v)}</span>;
}

const identity: Column<Recognized>[] = [
  {
    id: "key",
    header: "By",
    cell: (one) => (
      <ul className="recognized">
        {one.keys.map((key) => (
          <li key={key}>
            {keyWord(key).what} <span className="mono small">{keyWord(key).value}</span>
          </li>
        ))}
      </ul>
    ),
  },
  { id: "why", header: "Why", wide: true, cell: (one) => capital(one.reason) },
  { id: "who", header: "Seen by", cell: (one) => capital(one.title) },
  {
    id: "when",
    header: "Between",
    cell: (one) => (
      <span className="num">
        {day(one.first)} and {day(one.last)}
      </span>
    ),
  },
];

/** History is how a device was recognized, what was merged to it, and what changed. */
export function Component() {
  const { id = "" } = useParams();
  const asset = useResource("asset", id);
  const history = useAssetHistory(id);
  const session = useSession();
  const [undo, setUndo] = useState<Merge | null>(null);
  const label = asset.data?.label ?? "Device";
  const data = history.data;
  return (
    <div className="page">
      <PageHead
        title={`History of ${label}`}
        crumbs={[
          { to: "/assets", label: "Assets" },
          { to: resourceLink("asset", id), label },
        ]}
      />
      {history.error && <ErrorState error={history.error} retry={() => void history.refetch()} />}
      {history.isPending && <Skeleton lines={10} />}
      {data && (
        <>
          <Panel title="What it was recognized by" flush>
            {data.identity.length > 0 ? (
              <DataTable caption="What it was recognized by" columns={identity} rows={recognized(data.identity)} rowKey={(one) => `${one.title} ${one.reason}`} />
            ) : (
              <EmptyState title="Nothing is recorded" />
            )}
          </Panel>
          {data.merges.length > 0 && (
            <Panel title="Merged records">
              <ul className="stack">
                {data.merges.map((one) => (
                  <li key={one.id}>
                    <Link to={resourceLink("asset", one.other.id)}>{one.other.label}</Link>: {one.reason}
                    <p className="value-note">
                      {one.by}, {moment(one.at)}
                      {one.undone && ", taken back"}
                    </p>
                    {!one.undone && may(session, "manage_inventory") && (
                      <button type="button" className="button" onClick={() => setUndo(one)}>
                        Take back
                      </button>
                    )}
                  </li>
                ))}
              </ul>
            </Panel>
          )}
          <Panel title="What changed" note={data.more ? "The newest; older changes are kept and not shown" : undefined} flush>
            {data.changes.length > 0 ? (
              <More rows={data.changes} one="change">
                {(rows) => <DataTable caption="What changed" columns={changes} rows={rows} rowKey={(one) => String(data.changes.indexOf(one))} />}
              </More>
            ) : (
              <EmptyState title="Nothing has changed since it was first seen" />
            )}
          </Panel>
        </>
      )}
      {undo && <UndoDialog merge={undo} onClose={() => setUndo(null)} />}
    </div>
  );
}

function UndoDialog({ merge, onClose }: { merge: Merge; onClose: () => void }) {
  const [reason, setReason] = useState("");
  const take = useUndoMerge();
  return (
    <Dialog title={`Take the merge with ${merge.other.label} back`} open onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          take.mutate(
            { id: merge.id, reason },
            {
              onSuccess: () => {
                notify("The records are two devices again.");
                onClose();
              },
            },
          );
        }}
      >
        <p>Each source's facts go back to the record they came to. The two are not merged again by themselves.</p>
        <Field label="Why" required minLength={3} value={reason} onChange={(event) => setReason(event.target.value)} />
        {take.error && <ErrorState error={take.error} />}
        <div className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button" data-primary disabled={take.isPending}>
            Take back
          </button>
        </div>
      </form>
    </Dialog>
  );
}
