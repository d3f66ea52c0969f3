import { useState } from "react";
import { Link, useParams } from "react-router";
import { useAssetHistory, useUndoMerge } from "@/api/inventory";
import { useResource } from "@/api/queries";
import { may, useSession } from "@/api/session";
import type { AssetHistory } from "@/api/types";
import { day, moment } from "@/lib/format";
import { resourceLink } from "@/lib/links";
import { attributeLabel, attributeValue, capital } from "@/lib/words";
import { Dialog } from "@/ui/dialog";
import { Field } from "@/ui/field";
import { EmptyState, ErrorState, PageHead, Panel, Skeleton } from "@/ui/page";
import { type Column, DataTable } from "@/ui/table";
import { notify } from "@/ui/toast";

type Change = AssetHistory["changes"][number];
type Link_ = AssetHistory["identity"][number];
type Merge = AssetHistory["merges"][number];

const changes: Column<Change>[] = [
  { id: "at", header: "When", cell: (one) => <span className="num nowrap">{moment(one.at)}</span> },
  { id: "what", header: "What", cell: (one) => attributeLabel(one.what) },
  { id: "before", header: "Before", cell: (one) => <Told name={one.what} v={one.before} /> },
  { id: "after", header: "After", cell: (one) => <Told name={one.what} v={one.after} /> },
  { id: "who", header: "Who says so", cell: (one) => capital(one.title) },
];

function Told({ name, v }: { name: string; v: unknown }) {
  return v === null || v === undefined ? <span className="muted">–</span> : <span className="num">{attributeValue(name, v)}</span>;
}

const identity: Column<Link_>[] = [
  { id: "key", header: "By", cell: (one) => <span className="mono">{one.key}</span> },
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
              <DataTable caption="What it was recognized by" columns={identity} rows={data.identity} rowKey={(one) => `${one.key} ${one.stream}`} />
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
          <Panel title="What changed" note={data.more ? "The newest 200" : undefined} flush>
            {data.changes.length > 0 ? (
              <DataTable caption="What changed" columns={changes} rows={data.changes} rowKey={(one) => `${one.at} ${one.what} ${one.title}`} />
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
