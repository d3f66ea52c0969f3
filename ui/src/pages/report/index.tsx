import { useState } from "react";
import { reportURL } from "@/api/client";
import { useAssessments } from "@/api/queries";
import { useFilters } from "@/lib/filters";
import { moment, plural } from "@/lib/format";
import { type Level, levelWord } from "@/lib/words";
import { Select } from "@/ui/field";
import { Icon } from "@/ui/icons";
import { EmptyState, ErrorState, PageHead, Skeleton } from "@/ui/page";
import { may, useSession } from "@/api/session";
import "./report.css";

/** Report shows the report of any kept assessment as it prints. It is rebuilt from what is stored. */
export function Component() {
  const session = useSession();
  const detail = may(session, "read_detail");
  const assessments = useAssessments(detail);
  const { filters, set } = useFilters("as_of");
  const kept = assessments.data?.items ?? [];
  const chosen = filters.as_of || "latest";
  const none = detail && assessments.data && kept.length === 0;

  return (
    <div className="page">
      <PageHead
        title="Report"
        lead="One page for the board, then every goal with what it rests on. It is rebuilt from the stored record, never from live systems."
        actions={
          !none && (
            <>
              <button type="button" className="button" data-primary onClick={() => window.open(reportURL("html", chosen), "_blank", "noopener")}>
                <Icon name="print" size={16} />
                Open to print
              </button>
              <a className="button" href={reportURL("html", chosen, true)} download>
                <Icon name="download" size={16} />
                HTML
              </a>
              {detail && (
                <a className="button" href={reportURL("csv", chosen, true)} download>
                  <Icon name="download" size={16} />
                  CSV
                </a>
              )}
              <a className="button" href={reportURL("json", chosen, true)} download>
                <Icon name="download" size={16} />
                JSON
              </a>
            </>
          )
        }
      />
      {assessments.error && <ErrorState error={assessments.error} retry={() => void assessments.refetch()} />}
      {none ? (
        <div className="panel">
          <EmptyState title="No assessment yet">
            <p>The report begins with the first assessment. Run one from Today.</p>
          </EmptyState>
        </div>
      ) : (
        <>
          {detail && (
            <div className="toolbar">
              <Select label="As of" value={filters.as_of} onChange={(event) => set({ as_of: event.target.value })}>
                <option value="">Newest assessment</option>
                {kept.map((one) => (
                  <option key={one.id} value={one.id}>
                    {moment(one.as_of)}: {levelWord[one.level as Level].toLowerCase()}, {plural(one.goals_met, "goal")} met
                  </option>
                ))}
              </Select>
            </div>
          )}
          {detail && assessments.isPending && <Skeleton />}
          <Frame key={chosen} assessment={chosen} earlier={filters.as_of !== ""} />
        </>
      )}
    </div>
  );
}

/** Frame shows the report as it prints, locked into a box of its own. */
function Frame({ assessment, earlier }: { assessment: string; earlier: boolean }) {
  const [shown, setShown] = useState(false);
  return (
    <div className="report-box">
      {!shown && (
        <p className="report-wait muted" role="status">
          Making the report
        </p>
      )}
      <iframe
        className="report-frame"
        title={earlier ? "Report of an earlier assessment" : "Report of the newest assessment"}
        src={reportURL("html", assessment)}
        sandbox="allow-popups allow-modals"
        onLoad={() => setShown(true)}
      />
    </div>
  );
}
