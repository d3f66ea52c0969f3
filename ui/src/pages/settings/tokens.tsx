import { type FormEvent, useState } from "react";
import { problemOf } from "@/api/client";
import { useCreateToken, useRevokeToken, useTokens } from "@/api/queries";
import { may, useSession } from "@/api/session";
import type { Token } from "@/api/types";
import { ago, day } from "@/lib/format";
import { type Role, roleMeaning, roleWord } from "@/lib/words";
import { Choices } from "@/ui/choice";
import { Dialog } from "@/ui/dialog";
import { Field, Select } from "@/ui/field";
import { Icon } from "@/ui/icons";
import { EmptyState, ErrorState, PageHead, Skeleton } from "@/ui/page";
import { Secret } from "@/ui/secret";
import { type Column, DataTable } from "@/ui/table";
import { notify } from "@/ui/toast";

const roles = (["auditor", "analyst", "administrator", "executive"] as Role[]).map((role) => ({
  value: role,
  title: roleWord[role],
  note: roleMeaning[role],
}));

type Open = { what: "create" } | { what: "secret"; name: string; secret: string } | { what: "revoke"; token: Token } | null;

/** Tokens let programs use the same API as these pages. */
export function Component() {
  const tokens = useTokens();
  const revoke = useRevokeToken();
  const session = useSession();
  const [open, setOpen] = useState<Open>(null);
  const manages = may(session, "manage_users");

  const columns: Column<Token>[] = [
    {
      id: "name",
      header: "Name",
      cell: (token) => (
        <>
          <strong>{token.name}</strong>
          <p className="value-note mono">{token.prefix}…</p>
        </>
      ),
    },
    { id: "role", header: "Role", cell: (token) => roleWord[token.role] },
    { id: "by", header: "Made by", cell: (token) => `${token.created_by}, ${day(token.created_at)}` },
    {
      id: "expires",
      header: "Expires",
      cell: (token) =>
        new Date(token.expires_at) < new Date() ? (
          <span className="badge" data-tone="not_met">
            <Icon name="clock" size={14} />
            Expired
          </span>
        ) : (
          day(token.expires_at)
        ),
    },
    { id: "used", header: "Last used", cell: (token) => (token.last_used ? ago(token.last_used) : <span className="muted">never</span>) },
  ];
  if (manages) {
    columns.push({
      id: "revoke",
      header: "End",
      cell: (token) => (
        <button type="button" className="button" onClick={() => setOpen({ what: "revoke", token })}>
          Revoke<span className="visually-hidden"> {token.name}</span>
        </button>
      ),
    });
  }

  return (
    <div className="page">
      <PageHead
        title="API tokens"
        lead="For programs: everything these pages show comes from one API, and a token reaches it with the rights of its role."
        actions={
          manages && (
            <button type="button" className="button" data-primary onClick={() => setOpen({ what: "create" })}>
              <Icon name="plus" size={16} />
              New token
            </button>
          )
        }
      />
      {tokens.error && <ErrorState error={tokens.error} retry={() => void tokens.refetch()} />}
      <section className="panel" data-flush aria-label="API tokens">
        {tokens.isPending && <Skeleton />}
        {tokens.data?.length === 0 && (
          <EmptyState title="No token yet">
            <p>Make one for a program that brings files or reads results. Give it the smallest role that does.</p>
          </EmptyState>
        )}
        {tokens.data && tokens.data.length > 0 && (
          <DataTable caption="API tokens" columns={columns} rows={tokens.data} rowKey={(token) => token.id} />
        )}
      </section>
      {open?.what === "create" && <Create onClose={() => setOpen(null)} onDone={(name, secret) => setOpen({ what: "secret", name, secret })} />}
      {open?.what === "secret" && (
        <Dialog title={open.name} open keep onClose={() => setOpen(null)}>
          <p>Copy the token now. It is shown only this once.</p>
          <Secret text={open.secret} label="API token" />
          <div className="dialog-foot">
            <button type="button" className="button" data-primary onClick={() => setOpen(null)}>
              I have copied it
            </button>
          </div>
        </Dialog>
      )}
      {open?.what === "revoke" && (
        <Dialog title={`Revoke ${open.token.name}?`} role="alertdialog" open onClose={() => setOpen(null)}>
          <p>Programs that use it are refused from now on. This cannot be taken back.</p>
          {revoke.error && <ErrorState error={problemOf(revoke.error)} />}
          <div className="dialog-foot">
            <button type="button" className="button" onClick={() => setOpen(null)}>
              Cancel
            </button>
            <button
              type="button"
              className="button"
              data-danger
              disabled={revoke.isPending}
              onClick={() =>
                revoke.mutate(open.token.id, {
                  onSuccess: () => {
                    notify(`${open.token.name} was revoked.`);
                    setOpen(null);
                  },
                })
              }
            >
              Revoke
            </button>
          </div>
        </Dialog>
      )}
    </div>
  );
}

function Create({ onClose, onDone }: { onClose: () => void; onDone: (name: string, secret: string) => void }) {
  const create = useCreateToken();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("auditor");
  const [days, setDays] = useState("90");

  function submit(event: FormEvent) {
    event.preventDefault();
    create.mutate({ name: name.trim(), role, days: Number(days) }, { onSuccess: (made) => onDone(made.name, made.secret) });
  }

  return (
    <Dialog title="New API token" open onClose={onClose}>
      <form className="form" onSubmit={submit}>
        <Field
          label="Name"
          required
          value={name}
          maxLength={80}
          onChange={(event) => setName(event.target.value)}
          hint="What uses it, such as “nightly scanner upload”."
        />
        <Choices legend="Role" name="role" options={roles} value={role} onChange={setRole} />
        <Select label="Expires after" value={days} onChange={(event) => setDays(event.target.value)}>
          <option value="7">7 days</option>
          <option value="30">30 days</option>
          <option value="90">90 days</option>
          <option value="180">180 days</option>
          <option value="365">1 year</option>
        </Select>
        {create.error && <ErrorState error={problemOf(create.error)} />}
        <div className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button" data-primary disabled={create.isPending}>
            Make the token
          </button>
        </div>
      </form>
    </Dialog>
  );
}
