import { Link, useParams } from "react-router";
import { useModel } from "@/api/inventory";
import type { ModelAdvisory, ModelUnit } from "@/api/types";
import { count, day, plural } from "@/lib/format";
import { resourceLink } from "@/lib/links";
import { attributeValue, capital } from "@/lib/words";
import { EmptyState, ErrorState, PageHead, Panel, Skeleton } from "@/ui/page";
import { type Column, DataTable, More } from "@/ui/table";
import { modelName } from "./index";

const gradeWord: Record<string, { word: string; tone: string }> = {
  certain: { word: "Affected", tone: "not_met" },
  likely: { word: "Likely", tone: "partly_met" },
  check_by_hand: { word: "Compare by hand", tone: "not_measured" },
};

const advisories: Column<ModelAdvisory>[] = [
  {
    id: "advisory",
    header: "Advisory",
    cell: (one) => <Link to={`/vulnerabilities/${encodeURIComponent(one.flaws[0] ?? one.advisory)}`}>{one.advisory}</Link>,
  },
  {
    id: "grade",
    header: "How sure",
    cell: (one) => (
      <span className="badge nowrap" data-tone={gradeWord[one.grade]?.tone}>
        {gradeWord[one.grade]?.word ?? one.grade}
      </span>
    ),
  },
  {
    id: "product",
    header: "What it speaks of",
    wide: true,
    cell: (one) => (
      <>
        {one.product} {one.versions}
        <p className="value-note">{capital(one.reason)}</p>
      </>
    ),
  },
  { id: "flaws", header: "Flaws", cell: (one) => (one.flaws.length > 5 ? `${one.flaws.slice(0, 5).join(", ")} and ${count(one.flaws.length - 5)} more` : one.flaws.join(", ")) || <span className="muted">–</span> },
  { id: "units", header: "Units", end: true, cell: (one) => <span className="num">{count(one.assets)}</span> },
];

const units: Column<ModelUnit>[] = [
  { id: "asset", header: "Device", cell: (one) => one.asset.label },
  { id: "serial", header: "Serial number", cell: (one) => one.serial || <span className="muted">–</span> },
  { id: "version", header: "Version", cell: (one) => one.version || <span className="muted">Not known</span> },
  { id: "where", header: "Where", cell: (one) => [one.location, one.zone].filter(Boolean).join(", ") || <span className="muted">–</span> },
  { id: "owner", header: "Owner", cell: (one) => one.owner || <span className="muted">Nobody named</span> },
  { id: "criticality", header: "Criticality", cell: (one) => (one.criticality ? capital(attributeValue("criticality", one.criticality)) : <span className="muted">–</span>) },
  { id: "findings", header: "Open findings", end: true, cell: (one) => (one.findings > 0 ? <span className="num">{count(one.findings)}</span> : <span className="muted">None found</span>) },
];

/** Model is one model of device across the hospital. */
export function Component() {
  const { id = "" } = useParams();
  const model = useModel(id);
  const data = model.data;
  return (
    <div className="page">
      <PageHead
        title={data ? modelName(data) : "Device model"}
        crumbs={[{ to: "/devices", label: "Device models" }]}
        lead={
          data && (
            <>
              {data.term || capital(attributeValue("class", data.class))}, {plural(data.assets, "unit")}
              {data.support_ends && <>, {new Date(data.support_ends) > new Date() ? "its system supported until" : "support of its system ended"} {day(data.support_ends)}</>}.
            </>
          )
        }
      />
      {model.error && <ErrorState error={model.error} retry={() => void model.refetch()} />}
      {model.isPending && <Skeleton lines={10} />}
      {data && (
        <>
          <Panel title="Advisories about it" flush>
            {data.said && data.said.length > 0 ? (
              <DataTable caption="Advisories" columns={advisories} rows={data.said} rowKey={(one) => one.advisory + one.product + one.grade} />
            ) : (
              <EmptyState title="No advisory at hand names it">
                <p>That is no proof: advisories name makers and models in many spellings.</p>
              </EmptyState>
            )}
          </Panel>
          <Panel title="What it lacks, and what has to hold that">
            {!data.mds2 ? (
              <p className="muted">The maker's MDS2 is not on file. Ask for it, and bring it under Imports.</p>
            ) : data.compensations && data.compensations.length > 0 ? (
              <dl className="facts">
                {data.compensations.map((one) => (
                  <div key={one.lacks}>
                    <dt>{capital(one.lacks)}</dt>
                    <dd>{capital(one.do)}</dd>
                  </div>
                ))}
              </dl>
            ) : (
              <p className="muted">The maker's disclosure names nothing that it lacks.</p>
            )}
          </Panel>
          <Panel title={`Units (${count(data.assets)})`} flush>
            <More rows={data.units ?? []} one="unit">
              {(rows) => <DataTable caption="Units" columns={units} rows={rows} rowKey={(one) => one.asset.id} href={(one) => resourceLink("asset", one.asset.id)} />}
            </More>
          </Panel>
        </>
      )}
    </div>
  );
}
