import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, read } from "@/api/client";
import type { DiscoveryRun } from "@/api/types";
import { moment, plural } from "@/lib/format";
import { capital } from "@/lib/words";
import { notify } from "@/ui/toast";

const stateWord: Record<string, string> = { running: "Running", done: "Done", failed: "Failed", stopped: "Stopped" };

function useStop() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => read(api.POST("/discovery/stop")),
    onSuccess: () => {
      notify("The search is stopped. The next one goes on where it was.");
      void client.invalidateQueries({ queryKey: ["discovery"] });
    },
  });
}

/** Run is one search: what it found, what it left alone, what is different, and what it could not do. */
export function Run({ run, stops }: { run: DiscoveryRun; stops: boolean }) {
  const stop = useStop();
  const left = run.left_alone ?? [];
  return (
    <>
      <p>
        <strong>{run.scope}</strong> <span className="tag">{stateWord[run.state] ?? run.state}</span>{" "}
        <span className="muted small">{moment(run.begun_at)}</span>{" "}
        {stops && run.state === "running" && (
          <button type="button" className="button" data-danger disabled={stop.isPending} onClick={() => stop.mutate()}>
            Stop<span className="visually-hidden"> the search of {run.scope}</span>
          </button>
        )}
      </p>
      <p className="num">
        {plural(run.found, "device")} {run.state === "running" ? "so far" : "found"} on {plural(run.looked, "address", "addresses")};{" "}
        {plural(run.left, "address", "addresses")} left alone.
      </p>
      {run.error && <p className={run.state === "failed" ? "field-error" : "value-note"}>{capital(run.error)}</p>}
      {run.changes.length > 0 && (
        <details className="disclosure">
          <summary>{plural(run.changes.length, "difference")} from the search before</summary>
          <ul className="stack">
            {run.changes.map((one, at) => (
              <li key={at}>{one.say}</li>
            ))}
          </ul>
        </details>
      )}
      {left.length > 0 && (
        <details className="disclosure">
          <summary>
            {plural(run.left, "address", "addresses")} left alone{run.left > left.length && `, the first ${left.length} here`}
          </summary>
          <ul className="stack">
            {left.map((one) => (
              <li key={one.what}>
                <span className="mono">{one.what}</span> {one.why}
              </li>
            ))}
          </ul>
        </details>
      )}
      {run.notes.length > 0 && (
        <details className="disclosure">
          <summary>{plural(run.notes.length, "thing")} it did not do</summary>
          <ul className="stack">
            {run.notes.map((note) => (
              <li key={note.what + note.why}>
                {capital(note.what)}: {note.why}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
