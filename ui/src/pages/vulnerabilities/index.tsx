import { Link, useNavigate } from "react-router";
import { useVulnerabilities } from "@/api/inventory";
import type { AssessmentGap, TimeToFix, UpdateGroup, VulnerabilityOverview } from "@/api/types";
import { ago, count, day, plural } from "@/lib/format";
import { resourceLink } from "@/lib/links";
import { capital, ecosystemWord, flawWord } from "@/lib/words";
import { EmptyState, ErrorState, Notice, PageHead, Panel, Skeleton } from "@/ui/page";
import { Severity } from "@/ui/state";
import { type Column, DataTable } from "@/ui/table";
import { AskBox } from "./ask";
import { Decision } from "./words";
import "./vulnerabilities.css";

/** Vulnerabilities is what to do this week: the updates that mend the most, most urgent first. */
export function Component() {
  const list = useVulnerabilities();
  const navigate = useNavigate();
  const data = list.data;
  return (
    <div className="page">
      <PageHead
        title="Vulnerabilities"
        lead="What to mend this week. One flaw on one device is one finding, however many scanners report it; the update that mends the most urgent comes first."
        actions={
          <Link className="button" to="/vulnerabilities/decisions">
            Decisions
          </Link>
        }
      />
      <AskBox onAsk={(id) => void navigate(`/vulnerabilities/${encodeURIComponent(id)}`)} />
      {list.error && <ErrorState error={list.error} retry={() => void list.refetch()} />}
      {list.isPending && <Skeleton lines={12} />}
      {data && (
        <>
          <Standing data={data} />
          <Figures data={data} />
          <Panel title="What to do, most urgent first" note={groupsNote(data)} flush>
            {data.groups.length > 0 ? <Groups groups={data.groups} /> : <NothingOpen data={data} />}
          </Panel>
          <div className="columns">
            <Panel title="Time to mend" note="Last 12 months" flush>
              {data.assessed > 0 || data.times.some((one) => one.fixed > 0) ? (
                <Times times={data.times} />
              ) : (
                <EmptyState title="Nothing was assessed yet">
                  <p>How long mending takes shows once findings came and went.</p>
                </EmptyState>
              )}
            </Panel>
            <Panel title="What was not assessed" note={gapsNote(data)} flush>
              {data.gaps.length > 0 ? (
                <Gaps gaps={data.gaps} />
              ) : (
                <EmptyState title={data.components > 0 ? "All known software was assessed" : "No software is known"}>
                  <p>
                    {data.components > 0
                      ? `Each of ${count(data.components)} pieces of software was held against the advisories.`
                      : "Run an assessment on a machine, or bring a bill of materials or a list of packages."}
                  </p>
                </EmptyState>
              )}
            </Panel>
          </div>
        </>
      )}
    </div>
  );
}

function groupsNote(data: VulnerabilityOverview): string | undefined {
  return data.groups_total > data.groups.length ? `The first ${count(data.groups.length)} of ${count(data.groups_total)}` : undefined;
}

function gapsNote(data: VulnerabilityOverview): string | undefined {
  return data.components > 0 ? `${count(data.components_not_assessed)} of ${count(data.components)} pieces of software` : undefined;
}

/** Standing says what the figures rest on, before anybody reads them. */
function Standing({ data }: { data: VulnerabilityOverview }) {
  if (!data.feed) {
    return (
      <Notice tone="warn">
        <p>
          <strong>No advisories are in force.</strong> What is installed cannot be judged; the findings below are those of scanners alone.{" "}
          <Link to="/feeds">Bring advisories</Link>
        </p>
      </Notice>
    );
  }
  if (data.feed.stale) {
    return (
      <Notice tone="warn">
        <p>
          <strong>The advisories are of {day(data.feed.built_at)}.</strong> Newer flaws are not known here. <Link to="/feeds">Bring newer ones</Link>
        </p>
      </Notice>
    );
  }
  return (
    <p className="muted small">
      By the <Link to="/feeds">advisories</Link> of {day(data.feed.built_at)} ({ago(data.feed.built_at)}) and the newest scan of each scanner.
    </p>
  );
}

/** Figure is one number; where nobody looked, a zero would say too much and none is shown. */
function Figure({ to, n, what, tone, known = true }: { to?: string; n: number; what: string; tone?: string; known?: boolean }) {
  const unknown = !known && n === 0;
  const inner = (
    <>
      <span className="figure-number num">
        {unknown ? (
          <>
            <span aria-hidden="true">–</span>
            <span className="visually-hidden">Not known</span>
          </>
        ) : (
          count(n)
        )}
      </span>
      <span className="figure-what">{what}</span>
    </>
  );
  return (
    <li className="figure" data-tone={unknown ? "unknown" : n > 0 ? tone : undefined}>
      {to ? <Link to={to}>{inner}</Link> : <div>{inner}</div>}
    </li>
  );
}

function Figures({ data }: { data: VulnerabilityOverview }) {
  const list = "/resources/vulnerability";
  const looked = data.assessed > 0;
  return (
    <ul className="figures">
      <Figure n={data.open} known={looked} what={looked ? `open on ${plural(data.assets_open, "device")}` : "open: nobody looked"} to={`${list}?f.status=open`} />
      <Figure known={looked && data.feed?.knows_exploited === true} n={data.exploited} what="known to be exploited" tone="bad" to={`${list}?f.known_exploited=true&f.status=open`} />
      <Figure known={looked} n={data.past_due} what="past their day" tone="bad" />
      <Figure known={looked} n={data.due_soon} what="due within 7 days" tone="warn" />
      <Figure known={looked} n={data.by_severity.critical ?? 0} what="critical" to={`${list}?f.severity=critical&f.status=open`} />
      <Figure known={looked} n={data.by_severity.high ?? 0} what="high" to={`${list}?f.severity=high&f.status=open`} />
      <Figure n={data.not_assessed} what={`of ${plural(data.assets, "device")} in use: no scan, no list of software`} tone="unknown" />
      <Figure known={data.feed !== undefined} n={data.checks} what="device advisories to compare" tone="unknown" to="/devices" />
    </ul>
  );
}

function NothingOpen({ data }: { data: VulnerabilityOverview }) {
  return (
    <EmptyState
      title={data.assessed > 0 ? "Nothing open was found in what was assessed" : "Nothing was assessed"}
      action={
        <Link className="button" data-primary to="/imports">
          Bring a scan
        </Link>
      }
    >
      <p>{data.not_assessed > 0 ? `Of ${plural(data.not_assessed, "device")} in use nothing is known.` : "Every device in use was looked at."}</p>
    </EmptyState>
  );
}

const groupColumns: Column<UpdateGroup>[] = [
  {
    id: "title",
    header: "Do",
    wide: true,
    cell: (one) => (
      <>
        <strong>{one.title}</strong>
        <p className="value-note">{capital(one.why.join("; "))}.</p>
      </>
    ),
  },
  { id: "decision", header: "How soon", cell: (one) => <Decision decision={one.decision} by={one.fix_by} /> },
  {
    id: "by",
    header: "By",
    cell: (one) => (one.fix_by ? <span className="num nowrap">{day(one.fix_by)}</span> : <span className="muted">No day set</span>),
  },
  { id: "severity", header: "Gravest", cell: (one) => <Severity severity={one.severity} /> },
  {
    id: "flaws",
    header: "Mends",
    cell: (one) => (
      <details className="disclosure">
        <summary>{plural(one.flaw_count, "flaw")}</summary>
        <ul className="flaw-list">
          {one.flaws.map((id) => (
            <li key={id}>
              <Link to={`/vulnerabilities/${encodeURIComponent(id)}`}>{flawWord(id)}</Link>
            </li>
          ))}
        </ul>
        {one.flaw_count > one.flaws.length && <p className="muted small">and {count(one.flaw_count - one.flaws.length)} more</p>}
      </details>
    ),
  },
  {
    id: "assets",
    header: "On",
    cell: (one) => (
      <details className="disclosure">
        <summary>{plural(one.asset_count, "device")}</summary>
        <ul className="flaw-list">
          {one.assets.map((asset) => (
            <li key={asset.id}>
              <Link to={resourceLink("asset", asset.id)}>{asset.label}</Link>
            </li>
          ))}
        </ul>
        {one.asset_count > one.assets.length && <p className="muted small">and {count(one.asset_count - one.assets.length)} more</p>}
        {one.owners.length > 0 && <p className="small">Owners: {one.owners.join(", ")}</p>}
      </details>
    ),
  },
];

function Groups({ groups }: { groups: UpdateGroup[] }) {
  return <DataTable caption="What to do" columns={groupColumns} rows={groups} rowKey={(one) => one.id} />;
}

const timeColumns: Column<TimeToFix>[] = [
  { id: "severity", header: "Severity", cell: (one) => <Severity severity={one.severity} /> },
  { id: "fixed", header: "Mended", end: true, cell: (one) => <span className="num">{count(one.fixed)}</span> },
  { id: "median", header: "Half within", end: true, cell: (one) => <Days n={one.median_days} /> },
  { id: "p90", header: "Nine in ten within", end: true, cell: (one) => <Days n={one.p90_days} /> },
  { id: "open", header: "Still open", end: true, cell: (one) => <span className="num">{count(one.open)}</span> },
  { id: "oldest", header: "Oldest open", end: true, cell: (one) => <Days n={one.oldest_days} /> },
];

function Days({ n }: { n: number | undefined }) {
  return n === undefined ? <span className="muted">–</span> : <span className="num nowrap">{plural(n < 10 ? Math.round(n * 10) / 10 : Math.round(n), "day")}</span>;
}

function Times({ times }: { times: TimeToFix[] }) {
  return <DataTable caption="Time to mend" columns={timeColumns} rows={times} rowKey={(one) => one.severity} />;
}

const gapColumns: Column<AssessmentGap>[] = [
  {
    id: "what",
    header: "Kind of software",
    wide: true,
    cell: (one) => (
      <>
        <strong>{ecosystemWord(one.ecosystem)}</strong>
        <p className="value-note">{capital(one.why)}.</p>
        {one.sample.length > 0 && <p className="value-note">Such as {one.sample.join(", ")}</p>}
      </>
    ),
  },
  { id: "count", header: "Pieces", end: true, cell: (one) => <span className="num">{count(one.count)}</span> },
  { id: "assets", header: "Devices", end: true, cell: (one) => <span className="num">{count(one.assets)}</span> },
];

export function Gaps({ gaps }: { gaps: AssessmentGap[] }) {
  return <DataTable caption="What was not assessed" columns={gapColumns} rows={gaps} rowKey={(one) => `${one.ecosystem} ${one.why}`} />;
}
