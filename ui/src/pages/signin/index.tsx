import { type FormEvent, useState } from "react";
import { Navigate, useNavigate, useSearchParams } from "react-router";
import { problemOf } from "@/api/client";
import { useSessionQuery, useSignIn } from "@/api/session";
import { Gate } from "@/shell/gate";
import { Field } from "@/ui/field";
import { ErrorState, PageHead } from "@/ui/page";

/** home keeps the way back inside these pages. */
function home(to: string | null): string {
  return to && to.startsWith("/") && !to.startsWith("//") && !to.startsWith("/\\") ? to : "/";
}

/** SignIn asks for all three at once, so that a wrong one is not told apart. */
export function Component() {
  const session = useSessionQuery();
  const signIn = useSignIn();
  const navigate = useNavigate();
  const [params] = useSearchParams();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const to = home(params.get("to"));

  if (session.data?.signed_in && !signIn.isPending) return <Navigate to={to} replace />;
  if (session.data?.set_up_needed) return <Navigate to="/set-up" replace />;

  function submit(event: FormEvent) {
    event.preventDefault();
    signIn.mutate(
      { email: email.trim(), password, code: code.replaceAll(" ", "") },
      { onSuccess: () => void navigate(to, { replace: true }), onError: () => setCode("") },
    );
  }

  return (
    <Gate slim>
      <div className="page">
        <PageHead title="Sign in" />
        {signIn.error && <ErrorState error={problemOf(signIn.error)} />}
        <form className="panel form" onSubmit={submit}>
          <Field
            label="E-mail"
            type="email"
            name="email"
            autoComplete="username"
            required
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
          <Field
            label="Password"
            type="password"
            name="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
          <Field
            label="Code"
            name="code"
            inputMode="text"
            autoComplete="one-time-code"
            required
            value={code}
            onChange={(event) => setCode(event.target.value)}
            hint="Six digits from your authenticator app, or one of your recovery codes."
          />
          <button type="submit" className="button" data-primary disabled={signIn.isPending}>
            {signIn.isPending ? "Signing in" : "Sign in"}
          </button>
        </form>
        <p className="muted small">
          Lost your phone and your recovery codes? An administrator can send you a new set-up link, or make one on the server with{" "}
          <code>asepsis user link</code>.
        </p>
      </div>
    </Gate>
  );
}
