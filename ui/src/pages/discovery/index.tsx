import { useState } from "react";
import { useDeleteScope, usePutScope, useRuns, useScopes } from "@/api/inventory";
import { may, useSession } from "@/api/session";
import type { DiscoveryScope } from "@/api/types";
import { Dialog } from "@/ui/dialog";
import { Checkbox, Field, Select } from "@/ui/field";
import { Icon } from "@/ui/icons";
import { EmptyState, ErrorState, PageHead, Panel, Skeleton } from "@/ui/page";
import { type Column, DataTable } from "@/ui/table";
import { notify } from "@/ui/toast";
import { Preview, SearchDialog } from "./plan";
import { Run } from "./runs";
import { SnmpFields, snmpWord } from "./snmp";

const profileWord: Record<string, { word: string; meaning: string }> = {
  cautious: { word: "Cautious", meaning: "Connections only, one device at a time, a few packets a second. For clinical networks." },
  normal: { word: "Normal", meaning: "Sweeps, connects to many devices at once, and reads what services say." },
  never: { word: "Never", meaning: "Not searched. Named so that nobody adds it by accident." },
};

/** Discovery searches permitted networks for devices, and says what is different from the search before. */
export function Component() {
  const scopes = useScopes();
  const runs = useRuns();
  const session = useSession();
  const [editing, setEditing] = useState<DiscoveryScope | "new" | null>(null);
  const [asking, setAsking] = useState<DiscoveryScope | null>(null);
  const permits = may(session, "manage_organization");
  const searches = may(session, "manage_inventory");
  const columns: Column<DiscoveryScope>[] = [
    { id: "name", header: "Network", cell: (one) => <strong>{one.name}</strong> },
    { id: "networks", header: "Addresses", cell: (one) => <span className="mono">{one.networks.join(", ")}</span> },
    {
      id: "profile",
      header: "How",
      cell: (one) => (
        <span title={profileWord[one.profile]?.meaning}>
          {profileWord[one.profile]?.word ?? one.profile}
          {one.snmp && `, ${snmpWord(one)}`}
        </span>
      ),
    },
    { id: "zone", header: "Zone", cell: (one) => one.zone || <span className="muted">–</span> },
    { id: "when", header: "When", cell: (one) => whenOf(one) },
    { id: "note", header: "Permitted by", wide: true, cell: (one) => one.note || <span className="muted">Nobody is named</span> },
    {
      id: "do",
      header: "Do",
      cell: (one) => (
        <div className="actions">
          {searches && one.profile !== "never" && (
            <button type="button" className="button" onClick={() => setAsking(one)}>
              <Icon name="play" size={16} />
              Search<span className="visually-hidden"> {one.name}</span>
            </button>
          )}
          {permits && (
            <button type="button" className="button" onClick={() => setEditing(one)}>
              Change<span className="visually-hidden"> {one.name}</span>
            </button>
          )}
        </div>
      ),
    },
  ];
  return (
    <div className="page">
      <PageHead
        title="Discovery"
        lead="What answers on the networks you permit. Before a search begins you see what it will touch. Devices marked as not to be probed are sent nothing at all."
        actions={
          permits && (
            <button type="button" className="button" data-primary onClick={() => setEditing("new")}>
              Permit a network
            </button>
          )
        }
      />
      {scopes.error && <ErrorState error={scopes.error} retry={() => void scopes.refetch()} />}
      <Panel title="Permitted networks" flush>
        {scopes.isPending && <Skeleton />}
        {scopes.data && scopes.data.length > 0 && (
          <DataTable caption="Permitted networks" columns={columns} rows={scopes.data} rowKey={(one) => one.name} />
        )}
        {scopes.data && scopes.data.length === 0 && (
          <EmptyState title="No network may be searched">
            <p>
              Nothing is probed until somebody permits it here. DHCP leases, ARP tables and Zeek logs under Imports find devices without a packet
              sent.
            </p>
          </EmptyState>
        )}
      </Panel>
      <Panel title="Searches">
        {runs.error && <ErrorState error={runs.error} />}
        {runs.isPending && <Skeleton />}
        {runs.data && runs.data.length === 0 && <EmptyState title="No network was searched yet" />}
        <ul className="stack">
          {runs.data?.map((run) => (
            <li key={run.id}>
              <Run run={run} stops={searches} />
            </li>
          ))}
        </ul>
      </Panel>
      {asking && <SearchDialog scope={asking} onClose={() => setAsking(null)} />}
      {editing && <ScopeDialog scope={editing === "new" ? null : editing} onClose={() => setEditing(null)} />}
    </div>
  );
}

function whenOf(one: DiscoveryScope): string {
  if (!one.every) return "When asked";
  const hours = Number.parseInt(one.every, 10);
  const often = hours === 24 ? "Daily" : hours === 168 ? "Weekly" : `Every ${hours} hours`;
  return one.from && one.to ? `${often}, ${one.from} to ${one.to}` : often;
}

function ScopeDialog({ scope, onClose }: { scope: DiscoveryScope | null; onClose: () => void }) {
  const [form, setForm] = useState<DiscoveryScope>(scope ?? { name: "", networks: [], profile: "cautious" });
  const [networks, setNetworks] = useState(scope?.networks.join(", ") ?? "");
  const put = usePutScope();
  const remove = useDeleteScope();
  const [seen, setSeen] = useState<DiscoveryScope | null>(null);
  const asked = { ...form, snmp: form.profile === "normal" ? form.snmp : undefined, networks: networks.split(/[\s,;]+/).filter(Boolean) };
  const change = (part: Partial<DiscoveryScope>) => setForm((now) => ({ ...now, ...part }));
  return (
    <Dialog title={scope ? `Change ${scope.name}` : "Permit a network to be searched"} open onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          put.mutate(asked, {
            onSuccess: () => {
              notify(form.profile === "never" ? `${form.name} will never be searched.` : `${form.name} may be searched.`);
              onClose();
            },
          });
        }}
      >
        {!scope && (
          <Field
            label="Name"
            required
            value={form.name}
            onChange={(event) => change({ name: event.target.value })}
            hint="Ward network, main campus…"
          />
        )}
        <Field label="Addresses" required value={networks} onChange={(event) => setNetworks(event.target.value)} hint="10.20.0.0/22, 10.30.1.0/24" />
        <Select label="How" value={form.profile} onChange={(event) => change({ profile: event.target.value as DiscoveryScope["profile"] })}>
          {Object.entries(profileWord).map(([key, one]) => (
            <option key={key} value={key}>
              {one.word}
            </option>
          ))}
        </Select>
        <p className="hint">{profileWord[form.profile]?.meaning}</p>
        {form.profile !== "never" && (
          <Field
            label="Packets a second at most"
            type="number"
            min={1}
            max={form.profile === "cautious" ? 20 : 20000}
            value={form.rate ? String(form.rate) : ""}
            onChange={(event) => change({ rate: event.target.value ? Number(event.target.value) : undefined })}
            hint={form.profile === "cautious" ? "4 if left empty; 20 is the most." : "500 if left empty."}
          />
        )}
        {form.profile === "normal" && <SnmpFields access={form.snmp} kept={scope?.snmp} change={(snmp) => change({ snmp })} />}
        {form.profile !== "never" && (
          <Checkbox
            label="Ask the name server for names of what is found"
            hint="The one this server uses itself, one question a device."
            checked={form.names ?? false}
            onChange={(event) => change({ names: event.target.checked || undefined })}
          />
        )}
        <Field
          label="Zone"
          value={form.zone ?? ""}
          onChange={(event) => change({ zone: event.target.value })}
          hint="Devices found here are in this zone."
        />
        <Select label="When" value={form.every ?? ""} onChange={(event) => change({ every: event.target.value })}>
          <option value="">Only when asked</option>
          <option value="24h">Daily</option>
          <option value="168h">Weekly</option>
        </Select>
        {form.every && (
          <>
            <p className="hint">Hours are those of the server's clock. A search that is not done by then goes on the next time.</p>
            <Field label="Not before" type="time" value={form.from ?? ""} onChange={(event) => change({ from: event.target.value })} />
            <Field label="Not after" type="time" value={form.to ?? ""} onChange={(event) => change({ to: event.target.value })} />
          </>
        )}
        <Field
          label="Who permitted it"
          required
          value={form.note ?? ""}
          onChange={(event) => change({ note: event.target.value })}
          hint="Name and date; biomedical engineering for clinical networks."
        />
        {form.profile !== "never" && (
          <Checkbox
            label="These are addresses of the internet, and we own them"
            hint="Leave it open for networks inside, such as 10., 172.16. and 192.168."
            checked={form.public ?? false}
            onChange={(event) => change({ public: event.target.checked || undefined })}
          />
        )}
        {form.profile !== "never" && asked.networks.length > 0 && (
          <p>
            <button type="button" className="button" onClick={() => setSeen(asked)}>
              See what it would touch
            </button>
          </p>
        )}
        {seen && <Preview scope={seen} />}
        {(put.error ?? remove.error) && <ErrorState error={put.error ?? remove.error} />}
        <div className="dialog-foot">
          {scope && (
            <button
              type="button"
              className="button"
              data-danger
              disabled={remove.isPending}
              onClick={() => remove.mutate(scope.name, { onSuccess: onClose })}
            >
              Forbid it
            </button>
          )}
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button" data-primary disabled={put.isPending}>
            {scope ? "Change" : "Permit"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
