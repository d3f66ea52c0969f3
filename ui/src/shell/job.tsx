import { jobWord, useJob } from "@/api/events";
import type { Job } from "@/api/types";
import { count } from "@/lib/format";
import { capital } from "@/lib/words";
import { Icon } from "@/ui/icons";

/** JobBar shows what runs in the background, step by step, and says so politely. */
export function JobBar({ known }: { known: Job | null }) {
  const told = useJob();
  // The stream knows more than the page once it has spoken of the same job.
  const job = told && (!known || told.id === known.id || told.state === "running") ? told : known;
  const running = job?.state === "running" ? job : null;
  const share = running && running.total > 0 ? Math.min(1, running.done / running.total) : null;
  return (
    <div role="status" aria-live="polite">
      {running && (
        <div className="job">
          <div className="job-line">
            <Icon name="play" size={16} />
            <strong>{jobWord(running)} is running</strong>
            <span>{capital(running.step)}</span>
            {running.total > 0 && (
              <span className="muted num" aria-hidden="true">
                {count(running.done)} of {count(running.total)}
              </span>
            )}
          </div>
          <svg className="progress" data-unknown={share === null || undefined} aria-hidden="true">
            <rect width={`${(share ?? 1) * 100}%`} height="6" />
          </svg>
        </div>
      )}
    </div>
  );
}
