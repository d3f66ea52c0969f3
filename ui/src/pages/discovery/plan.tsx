import { useQuery } from "@tanstack/react-query";
import { api, read } from "@/api/client";
import { useDiscover } from "@/api/inventory";
import type { DiscoveryPlan, DiscoveryScope } from "@/api/types";
import { count, plural } from "@/lib/format";
import { capital } from "@/lib/words";
import { Dialog } from "@/ui/dialog";
import { ErrorState, Skeleton } from "@/ui/page";
import { notify } from "@/ui/toast";

function usePlan(scope: DiscoveryScope) {
  const body = { ...scope, name: scope.name || "not named yet" };
  return useQuery({
    queryKey: ["discovery", "plan", JSON.stringify(body)],
    queryFn: () => read(api.POST("/discovery/plan", { body })),
    retry: false,
  });
}

/** Preview says what a search of the scope would touch. Nothing is sent for it. */
export function Preview({ scope }: { scope: DiscoveryScope }) {
  const plan = usePlan(scope);
  if (plan.error) return <ErrorState error={plan.error} />;
  if (!plan.data) return <Skeleton />;
  return <Outline plan={plan.data} />;
}

/** SearchDialog shows what will be touched before it is touched. */
export function SearchDialog({ scope, onClose }: { scope: DiscoveryScope; onClose: () => void }) {
  const plan = usePlan(scope);
  const discover = useDiscover();
  return (
    <Dialog title={`Search ${scope.name}`} open onClose={onClose}>
      {plan.isPending && <Skeleton />}
      {plan.error && <ErrorState error={plan.error} />}
      {plan.data && <Outline plan={plan.data} />}
      {discover.error && <ErrorState error={discover.error} />}
      <div className="dialog-foot">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          className="button"
          data-primary
          disabled={!plan.data || discover.isPending}
          onClick={() =>
            discover.mutate(scope.name, {
              onSuccess: () => {
                notify(`The search of ${scope.name} has begun.`);
                onClose();
              },
            })
          }
        >
          Begin the search
        </button>
      </div>
    </Dialog>
  );
}

const howWord: Record<string, string> = {
  cautious: "plain connections, one device at a time, not one byte sent over them",
  normal: "ARP or ping, then connections to many devices at once; greetings are read",
};

function Outline({ plan }: { plan: DiscoveryPlan }) {
  return (
    <div className="stack">
      <p>
        <strong>{plural(plan.addresses, "address", "addresses")}</strong> on <strong>{plural(plan.ports.length, "port")}</strong>, in{" "}
        <strong>{between(plan.least_seconds, plan.most_seconds)}</strong>. You can stop it at any time.
      </p>
      <ul className="stack">
        {plan.networks.map((one) => (
          <li key={one.network}>
            <span className="mono">{one.network}</span>: {plural(one.addresses, "address", "addresses")}, at most {count(one.rate)} packets a second;{" "}
            {howWord[one.profile]}.
          </li>
        ))}
      </ul>
      {plan.snmp && <p>Devices are asked what they are by SNMP, {plan.snmp}.</p>}
      {plan.left > 0 ? (
        <details className="disclosure" open={plan.left <= 5}>
          <summary>{plural(plan.left, "address is", "addresses are")} sent nothing</summary>
          <ul className="stack">
            {plan.left_alone.map((one) => (
              <li key={one.what}>
                <span className="mono">{one.what}</span> {one.why}
              </li>
            ))}
          </ul>
        </details>
      ) : (
        <p className="hint">No device of the inventory here is marked as not to be probed. To leave one alone, mark it on its page first.</p>
      )}
      {plan.excluded.length > 0 && (
        <ul className="stack">
          {plan.excluded.map((one) => (
            <li key={one.what}>
              Not asked: <span className="mono">{one.what}</span>: {one.why}
            </li>
          ))}
        </ul>
      )}
      {plan.missing.map((one) => (
        <p key={one.what} className="notice">
          {capital(one.what)}: {one.why}
        </p>
      ))}
      <details className="disclosure">
        <summary>The ports</summary>
        <p className="mono">{plan.ports.join(" ")}</p>
      </details>
    </div>
  );
}

/** between says how long something takes, from seconds to seconds. */
function between(least: number, most: number): string {
  const [a, b] = [roughly(least), roughly(most)];
  return a === b ? `about ${a}` : `${a} to ${b}`;
}

function roughly(seconds: number): string {
  if (seconds < 90) return plural(Math.max(1, Math.round(seconds)), "second");
  if (seconds < 90 * 60) return plural(Math.round(seconds / 60), "minute");
  return plural(Math.round(seconds / 3600), "hour");
}
