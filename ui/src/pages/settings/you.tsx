import { type FormEvent, useState } from "react";
import { problemOf } from "@/api/client";
import { useChangePassword, useNewRecoveryCodes, useSession } from "@/api/session";
import { minimumLength, passwordStrength } from "@/lib/password";
import { type Role, roleMeaning, roleWord } from "@/lib/words";
import { Field } from "@/ui/field";
import { ErrorState, FactRow, Facts, Notice, PageHead, Panel } from "@/ui/page";
import { notify } from "@/ui/toast";

/** You is the signed-in person's own password and recovery codes. */
export function Component() {
  const user = useSession()?.user;
  if (!user) return null;
  const role = user.role as Role;
  return (
    <div className="page">
      <PageHead title="You" lead="Your own sign-in. Each change asks for your password and a code again." />
      <div className="columns" data-even>
        <div className="stack" data-wide>
          <Panel title="Who you are here">
            <Facts>
              <FactRow name="Name">{user.name}</FactRow>
              <FactRow name="Role">
                {roleWord[role]}. <span className="muted">{roleMeaning[role]}</span>
              </FactRow>
              <FactRow name="Recovery codes left">
                <span className="num">{user.recovery_codes_left}</span>
              </FactRow>
            </Facts>
          </Panel>
          <Codes />
        </div>
        <Password name={user.name} email={user.email} />
      </div>
    </div>
  );
}

function Password({ name, email }: { name: string; email: string }) {
  const change = useChangePassword();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [next, setNext] = useState("");
  const strength = passwordStrength(next, [name, email]);

  function submit(event: FormEvent) {
    event.preventDefault();
    change.mutate(
      { password, code: code.trim(), new_password: next },
      {
        onSuccess: () => {
          notify("Your password was changed. Other browsers are signed out.");
          setPassword("");
          setNext("");
        },
        onSettled: () => setCode(""),
      },
    );
  }

  return (
    <Panel title="Change your password">
      <form className="form" onSubmit={submit}>
        <Field
          label="Password now"
          type="password"
          required
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        <Field
          label="Code"
          required
          autoComplete="one-time-code"
          value={code}
          onChange={(event) => setCode(event.target.value)}
          hint="From your authenticator app."
        />
        <Field
          label="New password"
          type="password"
          required
          minLength={minimumLength}
          autoComplete="new-password"
          value={next}
          onChange={(event) => setNext(event.target.value)}
          hint={next ? `${strength.word}. ${strength.advice}` : `At least ${minimumLength} characters.`}
        />
        {change.error && <ErrorState error={problemOf(change.error)} />}
        <div>
          <button type="submit" className="button" data-primary disabled={change.isPending || next.length < minimumLength}>
            {change.isPending ? "Working" : "Change the password"}
          </button>
        </div>
      </form>
    </Panel>
  );
}

function Codes() {
  const renew = useNewRecoveryCodes();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");

  function submit(event: FormEvent) {
    event.preventDefault();
    renew.mutate({ password, code: code.trim() }, { onSettled: () => setCode("") });
  }

  return (
    <Panel title="New recovery codes">
      {renew.data ? (
        <div className="stack">
          <Notice tone="warn">
            <p>Keep these somewhere safe. They are shown only now, and the old ones no longer work.</p>
          </Notice>
          <ol className="codes">
            {renew.data.recovery_codes.map((one) => (
              <li key={one}>
                <code>{one}</code>
              </li>
            ))}
          </ol>
        </div>
      ) : (
        <form className="form" onSubmit={submit}>
          <p className="muted">Each code signs you in once if your phone is lost. New ones replace those you have.</p>
          <Field
            label="Password"
            type="password"
            required
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
          <Field
            label="Code"
            required
            autoComplete="one-time-code"
            value={code}
            onChange={(event) => setCode(event.target.value)}
            hint="From your authenticator app."
          />
          {renew.error && <ErrorState error={problemOf(renew.error)} />}
          <div>
            <button type="submit" className="button" disabled={renew.isPending}>
              Make new codes
            </button>
          </div>
        </form>
      )}
    </Panel>
  );
}
