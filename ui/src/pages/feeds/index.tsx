import { useState } from "react";
import { useBringFeed, useFeeds, useTrustKey } from "@/api/inventory";
import { may, useSession } from "@/api/session";
import type { FeedEcosystem, FeedSource, FeedStatus } from "@/api/types";
import { ago, bytes, count, day, moment, plural } from "@/lib/format";
import { capital, ecosystemWord } from "@/lib/words";
import { Field } from "@/ui/field";
import { FileDrop } from "@/ui/filedrop";
import { EmptyState, ErrorState, FactRow, Facts, Notice, PageHead, Panel, Skeleton } from "@/ui/page";
import { type Column, DataTable } from "@/ui/table";
import { notify } from "@/ui/toast";

const sources: Column<FeedSource>[] = [
  {
    id: "id",
    header: "Source",
    cell: (one) => (
      <>
        <strong>{one.title}</strong> <span className="muted small">{one.id}</span>
      </>
    ),
  },
  { id: "records", header: "Records", end: true, cell: (one) => <span className="num">{count(one.records)}</span> },
  {
    id: "refused",
    header: "Could not be read",
    end: true,
    cell: (one) => (one.refused > 0 ? <span className="num">{count(one.refused)}</span> : <span className="muted">None</span>),
  },
  { id: "newest", header: "Newest change", cell: (one) => (one.newest ? <span className="num nowrap">{day(one.newest)}</span> : <span className="muted">No date</span>) },
  {
    id: "state",
    header: "State",
    cell: (one) =>
      one.stale ? (
        <>
          <span className="badge" data-tone="not_met">
            Stale
          </span>
          {one.why && <p className="value-note">{capital(one.why)}</p>}
        </>
      ) : (
        <>
          <span className="badge" data-tone="met">
            In time
          </span>
          {one.why && <p className="value-note">{capital(one.why)}</p>}
        </>
      ),
  },
];

const ecosystems: Column<FeedEcosystem>[] = [
  { id: "name", header: "Kind of software", cell: (one) => ecosystemWord(one.name) },
  { id: "records", header: "Advisories", end: true, cell: (one) => <span className="num">{count(one.records)}</span> },
  {
    id: "installed",
    header: "Installed here",
    end: true,
    cell: (one) => (one.installed > 0 ? <span className="num">{count(one.installed)}</span> : <span className="muted">None</span>),
  },
  { id: "newest", header: "Newest change", cell: (one) => (one.newest ? <span className="num nowrap">{day(one.newest)}</span> : <span className="muted">No date</span>) },
];

/** Feeds are the advisories that software is held against: which, how old, signed by whom. */
export function Component() {
  const feeds = useFeeds();
  const bring = useBringFeed();
  const session = useSession();
  const data = feeds.data;
  return (
    <div className="page">
      <PageHead
        title="Advisories"
        lead="Everything installed is held against one signed file of advisories. It can come from a server or on a USB stick; without internet nothing is missing but newer advisories."
      />
      {feeds.error && <ErrorState error={feeds.error} retry={() => void feeds.refetch()} />}
      {feeds.isPending && <Skeleton lines={10} />}
      {data && <InForce data={data} />}
      {may(session, "manage_inventory") && (
        <FileDrop
          onFiles={(files) => {
            const file = files[0];
            if (file) bring.mutate(file, { onSuccess: () => notify("The advisories are in force.") });
          }}
        >
          {bring.isPending ? "The file is being checked." : "One file of advisories that “asepsis feed build” wrote, signed by a trusted key. A file that is not good changes nothing."}
        </FileDrop>
      )}
      {bring.error && <ErrorState error={bring.error} />}
      {data?.in_force && (
        <>
          <Panel title="Sources" flush>
            <DataTable caption="Sources" columns={sources} rows={data.in_force.sources} rowKey={(one) => one.id} />
          </Panel>
          <Panel title="Kinds of software" note={plural(data.in_force.ecosystems.length, "kind")} flush>
            <DataTable
              caption="Kinds of software"
              columns={ecosystems}
              rows={[...data.in_force.ecosystems].sort((a, b) => b.installed - a.installed || a.name.localeCompare(b.name))}
              rowKey={(one) => one.name}
            />
          </Panel>
          {data.in_force.refused > 0 && (
            <Panel title={`Records that could not be read (${count(data.in_force.refused)})`}>
              <details className="disclosure">
                <summary>The first {count(data.in_force.refused_of.length)}</summary>
                <ul className="stack">
                  {data.in_force.refused_of.map((one, at) => (
                    <li key={at}>
                      <strong>{one.record || one.source}</strong> <span className="muted small">{[one.file, one.line && `line ${one.line}`].filter(Boolean).join(", ")}</span>
                      <p className="value-note">{capital(one.why)}</p>
                    </li>
                  ))}
                </ul>
              </details>
            </Panel>
          )}
        </>
      )}
      {data && <Keys data={data} manages={may(session, "manage_organization")} />}
    </div>
  );
}

function InForce({ data }: { data: FeedStatus }) {
  const feed = data.in_force;
  if (!feed) {
    return (
      <EmptyState title="No advisories are in force">
        <p>Until a file of advisories is brought, nothing that is installed can be judged, and no page calls it clean.</p>
      </EmptyState>
    );
  }
  return (
    <>
      {feed.stale && (
        <Notice tone="warn">
          <p>
            <strong>Stale.</strong> The advisories are of {day(feed.built_at)}; flaws published since are not known here.
          </p>
        </Notice>
      )}
      <Panel title="In force">
        <Facts>
          <FactRow name="Built">
            {moment(feed.built_at)} ({ago(feed.built_at)})
          </FactRow>
          <FactRow name="Signed by">
            <span className="mono">{feed.signed_by}</span>
          </FactRow>
          {feed.landed && (
            <FactRow name="Changed here">
              {feed.landed.assets === 0
                ? "No finding"
                : `${plural(feed.landed.opened, "finding")} came and ${count(feed.landed.closed)} went, on ${plural(feed.landed.assets, "asset")}`}
              , {ago(feed.landed.at)}
            </FactRow>
          )}
          {feed.size > 0 && <FactRow name="Size">{bytes(feed.size)}</FactRow>}
          <FactRow name="SHA-256">
            <span className="mono small">{feed.id}</span>
          </FactRow>
          {data.earlier.length > 0 && <FactRow name="Earlier ones kept">{data.earlier.map((one) => day(one.built_at)).join(", ")}</FactRow>}
        </Facts>
      </Panel>
    </>
  );
}

function Keys({ data, manages }: { data: FeedStatus; manages: boolean }) {
  const [key, setKey] = useState("");
  const trust = useTrustKey();
  return (
    <Panel title="Who may sign advisories">
      {data.keys.length === 0 && <p className="muted">No key is trusted yet, so no file of advisories is taken.</p>}
      <ul className="stack">
        {data.keys.map((one) => (
          <li key={one.key} className="mono">
            {one.name}
          </li>
        ))}
      </ul>
      {manages && (
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault();
            trust.mutate(key, {
              onSuccess: () => {
                notify("The key is trusted.");
                setKey("");
              },
            });
          }}
        >
          <Field label="Trust a key" required value={key} onChange={(event) => setKey(event.target.value)} hint="As “asepsis feed key” prints it on the machine that builds the file. Compare it by another way than the file came, such as by telephone." />
          {trust.error && <ErrorState error={trust.error} />}
          <div>
            <button type="submit" className="button" disabled={trust.isPending}>
              Trust it
            </button>
          </div>
        </form>
      )}
    </Panel>
  );
}
