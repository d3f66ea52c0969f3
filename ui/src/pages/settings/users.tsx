import { type FormEvent, useState } from "react";
import { problemOf } from "@/api/client";
import { useChangeUser, useInvite, useRenewLink, useUsers } from "@/api/queries";
import { may, useSession } from "@/api/session";
import type { User } from "@/api/types";
import { ago } from "@/lib/format";
import { type Role, roleMeaning, roleWord } from "@/lib/words";
import { Choices } from "@/ui/choice";
import { Dialog } from "@/ui/dialog";
import { Field } from "@/ui/field";
import { Icon } from "@/ui/icons";
import { ErrorState, Notice, PageHead, Skeleton } from "@/ui/page";
import { Secret } from "@/ui/secret";
import { type Column, DataTable } from "@/ui/table";
import { notify } from "@/ui/toast";

const roles = (Object.keys(roleWord) as Role[]).map((role) => ({ value: role, title: roleWord[role], note: roleMeaning[role] }));

const stateWords = { invited: "Invited", active: "Active", disabled: "Disabled" } as const;
const stateTones = { invited: "not_measured", active: "met", disabled: "not_applicable" } as const;

type Open = { what: "invite" } | { what: "change"; user: User } | { what: "link"; name: string; link: string } | null;

/** Users are the people who can sign in, and what each may do. */
export function Component() {
  const users = useUsers();
  const session = useSession();
  const [open, setOpen] = useState<Open>(null);
  const manages = may(session, "manage_users");

  const columns: Column<User>[] = [
    {
      id: "name",
      header: "Name",
      cell: (user) => (
        <>
          <strong>{user.name}</strong>
          {user.id === session?.user?.id && <span className="muted"> (you)</span>}
          <p className="value-note">{user.email}</p>
        </>
      ),
    },
    { id: "role", header: "Role", cell: (user) => <span title={roleMeaning[user.role]}>{roleWord[user.role]}</span> },
    {
      id: "state",
      header: "State",
      cell: (user) => (
        <span className="badge" data-tone={stateTones[user.state]}>
          <Icon name={user.state === "active" ? "check" : user.state === "invited" ? "clock" : "gone"} size={14} />
          {stateWords[user.state]}
        </span>
      ),
    },
    { id: "seen", header: "Last sign-in", cell: (user) => (user.last_sign_in ? ago(user.last_sign_in) : <span className="muted">never</span>) },
    {
      id: "recovery",
      header: "Recovery codes left",
      end: true,
      cell: (user) => <span className="num">{user.state === "active" ? user.recovery_codes_left : "–"}</span>,
    },
  ];
  if (manages) {
    columns.push({
      id: "change",
      header: "Change",
      cell: (user) => (
        <button type="button" className="button" onClick={() => setOpen({ what: "change", user })}>
          Change<span className="visually-hidden"> {user.name}</span>
        </button>
      ),
    });
  }

  return (
    <div className="page">
      <PageHead
        title="Users"
        lead="Who can sign in, and what each may do. Everybody signs in with a password and a second factor."
        actions={
          manages && (
            <button type="button" className="button" data-primary onClick={() => setOpen({ what: "invite" })}>
              <Icon name="plus" size={16} />
              Invite
            </button>
          )
        }
      />
      {users.error && <ErrorState error={users.error} retry={() => void users.refetch()} />}
      <section className="panel" data-flush aria-label="Users">
        {users.isPending && <Skeleton />}
        {users.data && <DataTable caption="Users" columns={columns} rows={users.data} rowKey={(user) => user.id} />}
      </section>
      {open?.what === "invite" && <Invite onClose={() => setOpen(null)} onDone={(name, link) => setOpen({ what: "link", name, link })} />}
      {open?.what === "change" && (
        <ChangeUser user={open.user} onClose={() => setOpen(null)} onLink={(link) => setOpen({ what: "link", name: open.user.name, link })} />
      )}
      {open?.what === "link" && (
        <Dialog title={`Link for ${open.name}`} open keep onClose={() => setOpen(null)}>
          <p>Send this link by a way you trust. It works once, and is shown only now. Asepsis sends no mail.</p>
          <Secret text={`${window.location.origin}/set-up#${open.link}`} label="set-up link" />
          <div className="dialog-foot">
            <button type="button" className="button" data-primary onClick={() => setOpen(null)}>
              I have sent it
            </button>
          </div>
        </Dialog>
      )}
    </div>
  );
}

function Invite({ onClose, onDone }: { onClose: () => void; onDone: (name: string, link: string) => void }) {
  const invite = useInvite();
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("analyst");

  function submit(event: FormEvent) {
    event.preventDefault();
    invite.mutate({ name: name.trim(), email: email.trim(), role }, { onSuccess: (made) => onDone(made.user.name, made.link) });
  }

  return (
    <Dialog title="Invite someone" open onClose={onClose}>
      <form className="form" onSubmit={submit}>
        <Field label="Name" required value={name} onChange={(event) => setName(event.target.value)} />
        <Field label="E-mail" type="email" required value={email} onChange={(event) => setEmail(event.target.value)} />
        <Choices legend="Role" name="role" options={roles} value={role} onChange={setRole} />
        {invite.error && <ErrorState error={problemOf(invite.error)} />}
        <div className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button" data-primary disabled={invite.isPending}>
            Make the link
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function ChangeUser({ user, onClose, onLink }: { user: User; onClose: () => void; onLink: (link: string) => void }) {
  const change = useChangeUser();
  const renew = useRenewLink();
  const [role, setRole] = useState<Role>(user.role);
  const error = change.error ?? renew.error;

  function put(body: { role?: Role; disabled?: boolean }, told: string) {
    change.mutate(
      { id: user.id, ...body },
      {
        onSuccess: () => {
          notify(told);
          onClose();
        },
      },
    );
  }

  return (
    <Dialog title={user.name} open onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          put({ role }, `${user.name} is now ${roleWord[role].toLowerCase()}.`);
        }}
      >
        <Choices legend="Role" name="role" options={roles} value={role} onChange={setRole} />
        <Notice>
          <p>
            Lost the phone and the codes, or never used the invitation?{" "}
            <button type="button" className="link-button" onClick={() => renew.mutate(user.id, { onSuccess: (made) => onLink(made.link) })}>
              Make a new set-up link
            </button>
          </p>
        </Notice>
        {error && <ErrorState error={problemOf(error)} />}
        <div className="dialog-foot">
          {user.state === "disabled" ? (
            <button type="button" className="button" onClick={() => put({ disabled: false }, `${user.name} can sign in again.`)}>
              Enable
            </button>
          ) : (
            <button type="button" className="button" data-danger onClick={() => put({ disabled: true }, `${user.name} can no longer sign in.`)}>
              Disable
            </button>
          )}
          <button type="submit" className="button" data-primary disabled={change.isPending || role === user.role}>
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}
