import { useCheckLedger, useLedger } from "@/api/queries";
import { may, useSession } from "@/api/session";
import { count, moment } from "@/lib/format";
import { ErrorState, FactRow, Facts, Notice, PageHead, Panel, Skeleton } from "@/ui/page";
import { notify } from "@/ui/toast";

/** Ledger shows how the tamper-evident record stands, and derives it anew on request. */
export function Component() {
  const ledger = useLedger();
  const check = useCheckLedger();
  const session = useSession();
  const data = ledger.data;
  const last = check.data ?? data?.last_check;
  return (
    <div className="page">
      <PageHead
        title="Ledger"
        lead="Every result, import, change and sign-in is appended to a record that cannot be altered without it showing. A check reads every byte and derives the record anew."
        actions={
          may(session, "assess") && (
            <button
              type="button"
              className="button"
              data-primary
              disabled={check.isPending}
              onClick={() =>
                check.mutate(undefined, {
                  onSuccess: (found) => notify(found.good ? "The record is whole." : "The record was changed.", found.good ? "good" : "bad"),
                })
              }
            >
              {check.isPending ? "Checking" : "Check the record"}
            </button>
          )
        }
      />
      {ledger.error && <ErrorState error={ledger.error} retry={() => void ledger.refetch()} />}
      {check.error && <ErrorState error={check.error} />}
      {ledger.isPending && <Skeleton />}
      {last &&
        (last.good ? (
          <Notice tone="good">
            <p>
              <strong>The record is whole.</strong> {count(last.entries)} entries were read and hashed anew on {moment(last.at)}, in{" "}
              {count(last.took_ms)} ms.
            </p>
          </Notice>
        ) : (
          <Notice tone="bad">
            <p>
              <strong>The record was changed.</strong> Found on {moment(last.at)}. Keep the disk as it is and call whoever answers for security.
            </p>
            <ul className="stack">
              {last.faults.map((fault) => (
                <li key={fault} className="mono">
                  {fault}
                </li>
              ))}
            </ul>
          </Notice>
        ))}
      {data && (
        <Panel title="Where it stands">
          <Facts>
            <FactRow name="Entries">
              <span className="num">{count(data.size)}</span>
            </FactRow>
            <FactRow name="Signed">{data.at ? moment(data.at) : "Not yet"}</FactRow>
            <FactRow name="Key">
              <span className="mono">{data.key_name}</span>
            </FactRow>
            <FactRow name="Root hash">
              <span className="mono">{data.root_hash}</span>
            </FactRow>
          </Facts>
          {data.checkpoint && (
            <details className="disclosure">
              <summary>Show the signed checkpoint</summary>
              <pre tabIndex={0}>{data.checkpoint}</pre>
            </details>
          )}
        </Panel>
      )}
    </div>
  );
}
