import { type FormEvent, useState } from "react";
import { problemOf } from "@/api/client";
import { useChangeOrganization, useOrganization } from "@/api/queries";
import { may, useSession } from "@/api/session";
import type { OrganizationInput } from "@/api/types";
import { organizationKind } from "@/lib/words";
import { Field, Select } from "@/ui/field";
import { ErrorState, Notice, PageHead, Skeleton } from "@/ui/page";
import { notify } from "@/ui/toast";

/** Organization is whom the records are about. */
export function Component() {
  const organization = useOrganization();
  return (
    <div className="page">
      <PageHead title="Organization" lead="Whom the records are about. The name stands on every report." />
      {organization.error && <ErrorState error={organization.error} retry={() => void organization.refetch()} />}
      {organization.isPending && <Skeleton />}
      {organization.data && <Form initial={organization.data} />}
    </div>
  );
}

function Form({ initial }: { initial: OrganizationInput }) {
  const session = useSession();
  const change = useChangeOrganization();
  const [form, setForm] = useState({
    name: initial.name,
    kind: initial.kind,
    ccn: initial.ccn ?? "",
    state: initial.state ?? "",
    beds: initial.beds ? String(initial.beds) : "",
  });
  const manages = may(session, "manage_organization");
  const set = (part: Partial<typeof form>) => setForm((now) => ({ ...now, ...part }));

  function submit(event: FormEvent) {
    event.preventDefault();
    change.mutate(
      { name: form.name.trim(), kind: form.kind, ccn: form.ccn, state: form.state, beds: Number(form.beds) || 0 },
      { onSuccess: () => notify("The organization was changed.") },
    );
  }

  return (
    <form className="panel" onSubmit={submit}>
      <fieldset className="form" disabled={!manages}>
        <legend className="visually-hidden">Organization</legend>
        {!manages && (
          <Notice>
            <p>Only an administrator changes this.</p>
          </Notice>
        )}
        <Field label="Name" required minLength={2} value={form.name} onChange={(event) => set({ name: event.target.value })} />
        <Select label="Kind" value={form.kind} onChange={(event) => set({ kind: event.target.value as OrganizationInput["kind"] })}>
          {Object.entries(organizationKind).map(([kind, word]) => (
            <option key={kind} value={kind}>
              {word}
            </option>
          ))}
        </Select>
        <Field
          label="Staffed beds"
          inputMode="numeric"
          value={form.beds}
          onChange={(event) => set({ beds: event.target.value.replace(/\D/g, "") })}
        />
        <Field
          label="CMS certification number"
          maxLength={6}
          value={form.ccn}
          onChange={(event) => set({ ccn: event.target.value.toUpperCase() })}
          hint="CCN, six characters"
        />
        <Field
          label="State"
          maxLength={2}
          value={form.state}
          onChange={(event) => set({ state: event.target.value.toUpperCase() })}
          hint="Two letters"
        />
        {change.error && <ErrorState error={problemOf(change.error)} />}
        {manages && (
          <div>
            <button type="submit" className="button" data-primary disabled={change.isPending}>
              Save
            </button>
          </div>
        )}
      </fieldset>
    </form>
  );
}
