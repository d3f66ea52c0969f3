import { Link } from "react-router";
import { useAnswer, useQuestions } from "@/api/inventory";
import { may, useSession } from "@/api/session";
import { ago } from "@/lib/format";
import { resourceLink } from "@/lib/links";
import { capital } from "@/lib/words";
import { EmptyState, ErrorState, PageHead, Panel, Skeleton } from "@/ui/page";
import { notify } from "@/ui/toast";
import "./assets.css";

/** Questions are doubtful merges: two records that may be one device. A person decides. */
export function Component() {
  const questions = useQuestions();
  const answer = useAnswer();
  const session = useSession();
  const manages = may(session, "manage_inventory");
  return (
    <div className="page">
      <PageHead
        title="One device or two?"
        crumbs={[{ to: "/assets", label: "Assets" }]}
        lead="Records that may be one device, where the evidence does not settle it. Your answer is kept, holds for later sightings, and can be taken back."
      />
      {questions.error && <ErrorState error={questions.error} retry={() => void questions.refetch()} />}
      {answer.error && <ErrorState error={answer.error} />}
      {questions.isPending && <Skeleton lines={8} />}
      {questions.data?.length === 0 && (
        <EmptyState title="Nothing is in doubt">
          <p>Every sighting was joined or kept apart by evidence that settles it.</p>
        </EmptyState>
      )}
      {questions.data?.map((one) => (
        <Panel key={one.id} title={`${one.a.label} and ${one.b.label}`} note={`Asked ${ago(one.asked_at)}`}>
          <div className="pair">
            <Link to={resourceLink("asset", one.a.id)}>{one.a.label}</Link>
            <Link to={resourceLink("asset", one.b.id)}>{one.b.label}</Link>
          </div>
          <div className="columns" data-even>
            <Evidence title="For one device" lines={one.for} />
            <Evidence title="For two" lines={one.against} />
          </div>
          {manages && (
            <div className="actions">
              {[true, false].map((same) => (
                <button
                  key={String(same)}
                  type="button"
                  className="button"
                  disabled={answer.isPending}
                  onClick={() =>
                    answer.mutate(
                      { id: one.id, same, reason: "" },
                      { onSuccess: () => notify(same ? "They are one device now." : "They stay two devices.") },
                    )
                  }
                >
                  {same ? "One device" : "Two devices"}
                  <span className="visually-hidden">
                    : {one.a.label} and {one.b.label}
                  </span>
                </button>
              ))}
            </div>
          )}
        </Panel>
      ))}
    </div>
  );
}

function Evidence({ title, lines }: { title: string; lines: string[] }) {
  return (
    <div>
      <h3>{title}</h3>
      {lines.length === 0 && <p className="muted">Nothing</p>}
      <ul>
        {lines.map((line) => (
          <li key={line}>{capital(line)}</li>
        ))}
      </ul>
    </div>
  );
}
