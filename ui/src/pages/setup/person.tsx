import { type FormEvent, useState } from "react";
import { problemOf } from "@/api/client";
import { useSetUp } from "@/api/setup";
import type { OrganizationInput } from "@/api/types";
import { minimumLength, passwordStrength } from "@/lib/password";
import { type Role, roleMeaning, roleWord } from "@/lib/words";
import { Field } from "@/ui/field";
import { ErrorState, PageHead } from "@/ui/page";
import type { Enrolled } from "./factor";

interface Props {
  link: string;
  purpose: { purpose: "organization" | "user"; name?: string; email?: string; role: Role };
  organization: OrganizationInput | null;
  onBack?: (() => void) | undefined;
  onDone: (enrolled: Enrolled) => void;
}

/** Person asks for name, mail address and password of whom the link belongs to. */
export function Person({ link, purpose, organization, onBack, onDone }: Props) {
  const setUp = useSetUp();
  const first = purpose.purpose === "organization";
  const [name, setName] = useState(purpose.name ?? "");
  const [email, setEmail] = useState(purpose.email ?? "");
  const [password, setPassword] = useState("");
  const [shown, setShown] = useState(false);
  const [tried, setTried] = useState(false);
  const strength = passwordStrength(password, [name, email, organization?.name ?? ""]);
  const faults = {
    name: name.trim() === "" ? "Enter your name." : undefined,
    email: /^\S+@\S+$/.test(email.trim()) ? undefined : "Enter an e-mail address, such as d.osei@hospital.org.",
    password: password.length < minimumLength ? `Use at least ${minimumLength} characters.` : undefined,
  };

  function submit(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    if (faults.name || faults.email || faults.password) return;
    setUp.mutate(
      { link, name: name.trim(), password, ...(first ? { email: email.trim(), ...(organization ? { organization } : {}) } : {}) },
      { onSuccess: (enrollment) => onDone({ ...enrollment, email: email.trim() }) },
    );
  }

  return (
    <>
      <PageHead
        title={first ? "Who looks after it?" : "Welcome to Asepsis"}
        lead={
          first
            ? "You become its first administrator and can invite others later."
            : `You are invited as ${roleWord[purpose.role].toLowerCase()}. ${roleMeaning[purpose.role]}`
        }
      />
      {setUp.error && <ErrorState error={problemOf(setUp.error)} />}
      <form className="panel form setup-form" onSubmit={submit} noValidate>
        <Field
          label="Name"
          required
          autoComplete="name"
          value={name}
          onChange={(event) => setName(event.target.value)}
          error={tried ? faults.name : undefined}
        />
        <Field
          label="E-mail"
          type="email"
          required
          readOnly={!first}
          autoComplete="username"
          value={email}
          onChange={(event) => setEmail(event.target.value)}
          hint="You sign in with it. Asepsis sends no mail."
          error={tried ? faults.email : undefined}
        />
        <Field
          label="Password"
          type={shown ? "text" : "password"}
          required
          autoComplete="new-password"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          error={tried ? faults.password : undefined}
          hint={
            <span className="strength">
              <svg width="100%" height="4" aria-hidden="true" data-level={strength.level}>
                <rect className="strength-track" width="100%" height="4" rx="2" />
                <rect className="strength-fill" width={`${password ? ((strength.level + 1) / 4) * 100 : 0}%`} height="4" rx="2" />
              </svg>
              <span aria-live="polite">
                {password ? (
                  <>
                    <strong>{strength.word}.</strong> {strength.advice}
                  </>
                ) : (
                  `At least ${minimumLength} characters. Four or five unrelated words make a good one.`
                )}
              </span>
            </span>
          }
        />
        <div className="checkbox">
          <input id="show-password" type="checkbox" checked={shown} onChange={(event) => setShown(event.target.checked)} />
          <label htmlFor="show-password">Show the password</label>
        </div>
        <div className="dialog-foot">
          {onBack && (
            <button type="button" className="button" onClick={onBack}>
              Back
            </button>
          )}
          <button type="submit" className="button" data-primary disabled={setUp.isPending}>
            {setUp.isPending ? "Working" : "Continue"}
          </button>
        </div>
      </form>
    </>
  );
}
