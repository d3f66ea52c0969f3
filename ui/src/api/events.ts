import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { notify } from "@/ui/toast";
import { eventsURL } from "./client";
import type { Event, Job } from "./types";

// What never goes stale by an assessment or an import.
const fixed = new Set(["session", "formats", "presets", "job"]);

/**
 * useEvents follows what runs and what changes. The browser connects again by
 * itself; whatever was missed is asked for anew then.
 */
export function useEvents(on: boolean) {
  const client = useQueryClient();
  useEffect(() => {
    if (!on) return;
    const source = new EventSource(eventsURL);
    let opened = false;
    let timer: ReturnType<typeof setTimeout> | undefined;

    // Several changes come close together; one round of questions answers them all.
    const refresh = () => {
      clearTimeout(timer);
      timer = setTimeout(() => void client.invalidateQueries({ predicate: (query) => !fixed.has(String(query.queryKey[0])) }), 300);
    };
    source.addEventListener("open", () => {
      if (opened) refresh();
      opened = true;
    });
    source.addEventListener("changed", refresh);
    source.addEventListener("job", (message) => {
      const { job } = JSON.parse((message as MessageEvent<string>).data) as Event;
      if (!job) return;
      client.setQueryData(["job"], job);
      if (job.state === "running") return;
      if (job.state === "failed") notify(`${jobWord(job)} failed: ${job.error ?? "no reason was given"}.`, "bad");
      else notify(`${jobWord(job)} is done.`);
      refresh();
    });
    return () => {
      clearTimeout(timer);
      source.close();
    };
  }, [client, on]);
}

/** useJob is what runs in the background now, or ran last. */
export function useJob(): Job | null {
  const query = useQuery<Job | null>({ queryKey: ["job"], queryFn: () => null, enabled: false });
  return query.data ?? null;
}

export function jobWord(job: Job): string {
  return { assessment: "The assessment", import: "The import", ledger_check: "The check of the ledger", discovery: "The search of a network" }[
    job.kind
  ];
}
