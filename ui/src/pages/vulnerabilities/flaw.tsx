import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { useFlaw, useFlawWhy } from "@/api/inventory";
import { may, useSession } from "@/api/session";
import type { AffectedAsset, Explanation, FlawDetail } from "@/api/types";
import { ago, count, day, plural } from "@/lib/format";
import { resourceLink } from "@/lib/links";
import { attributeValue, capital, ecosystemWord, flawWord, witnessWord } from "@/lib/words";
import { EmptyState, ErrorState, FactRow, Facts, Notice, PageHead, Panel, Skeleton } from "@/ui/page";
import { Severity } from "@/ui/state";
import { type Column, DataTable, More } from "@/ui/table";
import { AskBox } from "./ask";
import { DecideDialog } from "./decide";
import { Gaps } from "./index";
import { answerOf, Decision, Judged } from "./words";
import "./vulnerabilities.css";

/** Flaw answers at once: are we affected, where, and who answers for it. */
export function Component() {
  const { id = "" } = useParams();
  const flaw = useFlaw(id);
  const navigate = useNavigate();
  const session = useSession();
  const [deciding, setDeciding] = useState(false);
  const data = flaw.data;
  return (
    <div className="page">
      <PageHead
        title={flawWord(data?.id ?? id)}
        crumbs={[{ to: "/vulnerabilities", label: "Vulnerabilities" }]}
        lead={data && data.title !== data.id ? data.title : undefined}
        badge={data?.severity ? <Severity severity={data.severity} /> : undefined}
        actions={
          may(session, "manage_inventory") &&
          data &&
          data.affected_all > 0 && (
            <button type="button" className="button" onClick={() => setDeciding(true)}>
              Decide
            </button>
          )
        }
      />
      {flaw.error && <ErrorState error={flaw.error} retry={() => void flaw.refetch()} />}
      {flaw.isPending && <Skeleton lines={12} />}
      {data && (
        <>
          <Answer data={data} />
          {data.affected.length > 0 && (
            <Panel title={`Where it is (${count(data.affected_all)})`} note={more(data)} flush>
              <More rows={data.affected} one="device">
                {(rows) => (
                  <DataTable
                    caption="Affected devices"
                    columns={affectedColumns}
                    rows={rows}
                    rowKey={(one) => one.finding}
                    href={(one) => resourceLink("vulnerability", one.finding)}
                  />
                )}
              </More>
            </Panel>
          )}
          {data.to_check.length > 0 && (
            <Panel title={`Compare by hand (${count(data.to_check.length)})`} note="The advisory is in words; a person has to hold it against the device">
              <ul className="stack">
                {data.to_check.map((one) => (
                  <li key={one.asset.id + one.advisory}>
                    <Link to={resourceLink("asset", one.asset.id)}>{one.asset.label}</Link> with {one.advisory}: {one.product} {one.versions}
                    <p className="value-note">{capital(one.reason)}.</p>
                  </li>
                ))}
              </ul>
            </Panel>
          )}
          {data.gaps.length > 0 && (
            <Panel title="Nobody can say" note="Software of that name, not comparable" flush>
              <Gaps gaps={data.gaps} />
            </Panel>
          )}
          <div className="columns">
            <About data={data} />
            <div className="stack" data-wide>
              <Why id={data.id} />
              <Sources data={data} />
            </div>
          </div>
        </>
      )}
      <AskBox key={id} onAsk={(next) => void navigate(`/vulnerabilities/${encodeURIComponent(next)}`)} />
      {data && deciding && <DecideDialog flaw={data} onClose={() => setDeciding(false)} />}
    </div>
  );
}

function more(data: FlawDetail): string | undefined {
  return data.affected_all > data.affected.length ? `The first ${count(data.affected.length)}` : undefined;
}

function Answer({ data }: { data: FlawDetail }) {
  const answer = answerOf(data.answer);
  return (
    <Notice tone={answer.tone}>
      <p className="answer-word">
        <strong>{answer.word}</strong>
      </p>
      <p>{data.say}</p>
    </Notice>
  );
}

const affectedColumns: Column<AffectedAsset>[] = [
  { id: "asset", header: "Device", cell: (one) => one.asset.label },
  { id: "owner", header: "Owner", cell: (one) => one.owner || <span className="muted">Nobody named</span> },
  {
    id: "where",
    header: "Where",
    cell: (one) => (
      <>
        {one.location || <span className="muted">–</span>}
        {one.criticality && <p className="value-note">{capital(attributeValue("criticality", one.criticality))}</p>}
      </>
    ),
  },
  {
    id: "software",
    header: "Software",
    cell: (one) => (
      <>
        {one.software || <span className="muted">As the scanner says</span>} <span className="num">{one.version}</span>
      </>
    ),
  },
  {
    id: "fix",
    header: "Mended in",
    cell: (one) => (one.fixed ? <span className="num">{one.fixed}</span> : <span className="muted">No update known</span>),
  },
  {
    id: "state",
    header: "How soon",
    cell: (one) =>
      one.disposition ? (
        <span className="tag">{capital(one.disposition)}</span>
      ) : (
        <>
          <Decision decision={one.decision} by={one.fix_by} />
          {one.fix_by && <p className="value-note nowrap">by {day(one.fix_by)}</p>}
        </>
      ),
  },
  {
    id: "witnesses",
    header: "Who says so",
    wide: true,
    cell: (one) => (
      <>
        {one.witnesses.map(witnessWord).join("; ")}
        {one.since && <p className="value-note">Since {day(one.since)}</p>}
      </>
    ),
  },
];

function About({ data }: { data: FlawDetail }) {
  const safe = data.references.filter((one) => /^https?:\/\//.test(one));
  return (
    <Panel title="What is known of it">
      <Facts>
        {data.asked !== data.id && <FactRow name="Asked for">{data.asked}</FactRow>}
        {data.aliases.length > 0 && <FactRow name="Also called">{data.aliases.join(", ")}</FactRow>}
        {data.cvss ? (
          <FactRow name="Severity score (CVSS)">
            <span className="num">{data.cvss.toFixed(1)}</span> {data.vector && <span className="mono small">{data.vector}</span>}
          </FactRow>
        ) : null}
        <FactRow name="Exploited">
          {data.exploited ? (
            <>
              Yes, by CISA's catalog{data.exploited.added && <> since {day(data.exploited.added)}</>}
              {data.exploited.ransomware && ", used by ransomware"}
              {data.exploited.due && <p className="value-note">Federal agencies must mend it by {day(data.exploited.due)}</p>}
              {data.exploited.action && <p className="value-note">{data.exploited.action}</p>}
            </>
          ) : data.feed?.knows_exploited ? (
            "Not in CISA's catalog, as of these advisories"
          ) : (
            <span className="muted">Not known: CISA's catalog is not at hand</span>
          )}
        </FactRow>
        <FactRow name="Chance of exploitation (EPSS)">
          {data.epss === undefined ? (
            <span className="muted">Not known</span>
          ) : (
            `${(data.epss * 100).toFixed(data.epss < 0.1 ? 1 : 0)}% within 30 days`
          )}
        </FactRow>
        {data.points && (
          <FactRow name="CISA's assessment (SSVC)">
            Exploitation {data.points.exploitation}, {data.points.automatable ? "automatable" : "not automatable"}, technical impact{" "}
            {data.points.technical_impact}
          </FactRow>
        )}
        {data.published && (
          <FactRow name="Published">
            {day(data.published)} ({ago(data.published)})
          </FactRow>
        )}
        {data.feed && <FactRow name="By the advisories of">{day(data.feed.built_at)}</FactRow>}
      </Facts>
      {data.details && (
        <details className="disclosure">
          <summary>Description</summary>
          <p className="details-text">{data.details}</p>
        </details>
      )}
      {safe.length > 0 && (
        <details className="disclosure">
          <summary>{plural(safe.length, "reference")}</summary>
          <ul className="stack">
            {safe.map((one) => (
              <li key={one}>
                <a href={one} rel="noreferrer noopener" target="_blank">
                  {one}
                </a>
              </li>
            ))}
          </ul>
        </details>
      )}
    </Panel>
  );
}

function Why({ id }: { id: string }) {
  const [open, setOpen] = useState(false);
  const why = useFlawWhy(id, "", open);
  return (
    <Panel title="How software was judged">
      <details className="disclosure" onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>Show rule, versions compared, and source</summary>
        {why.isPending && open && <Skeleton lines={3} />}
        {why.error && <ErrorState error={why.error} />}
        {why.data && why.data.lines.length === 0 && <p className="muted">No advisory at hand speaks of software that is installed here.</p>}
        {why.data && (
          <ul className="stack">
            {why.data.lines.map((line, at) => (
              <Line key={at} line={line} />
            ))}
          </ul>
        )}
      </details>
    </Panel>
  );
}

function Line({ line }: { line: Explanation }) {
  return (
    <li>
      <Judged verdict={line.verdict} /> <strong>{line.software}</strong> <span className="num">{line.version}</span>{" "}
      <span className="muted small">{ecosystemWord(line.ecosystem)}</span>
      <p className="value-note">{capital(line.say)}</p>
      <p className="value-note">
        {[line.advisory, line.source, line.range && `versions ${line.range}`, line.fixed && `mended in ${line.fixed}`].filter(Boolean).join(", ")}
      </p>
    </li>
  );
}

function Sources({ data }: { data: FlawDetail }) {
  return (
    <Panel title="What each source says">
      {data.advisories.length === 0 && <EmptyState title="No advisory at hand speaks of it" />}
      <ul className="stack">
        {data.advisories.map((one) => (
          <li key={`${one.source} ${one.id}`}>
            <strong>{one.id}</strong> <span className="muted small">{one.source}</span>
            {one.withdrawn && <span className="tag">Taken back {day(one.withdrawn)}</span>}
            <p>{one.title}</p>
            {one.products.length > 0 && <p className="value-note">{one.products.slice(0, 8).join("; ")}</p>}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
