import { type FormEvent, useState } from "react";
import { problemOf } from "@/api/client";
import { useConfirm } from "@/api/setup";
import { Field } from "@/ui/field";
import { ErrorState, PageHead } from "@/ui/page";
import { QRCode } from "@/ui/qr";
import { Secret } from "@/ui/secret";

export interface Enrolled {
  secret: string;
  uri: string;
  email: string;
}

/** Factor puts the second factor into an authenticator app and proves that it is there. */
export function Factor({
  link,
  enrolled,
  onBack,
  onDone,
}: {
  link: string;
  enrolled: Enrolled;
  onBack: () => void;
  onDone: (codes: string[]) => void;
}) {
  const confirm = useConfirm();
  const [code, setCode] = useState("");
  const [tried, setTried] = useState(false);
  const whole = /^\d{6}$/.test(code);

  function submit(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    if (!whole) return;
    confirm.mutate({ link, code }, { onSuccess: (confirmed) => onDone(confirmed.recovery_codes), onError: () => setCode("") });
  }

  return (
    <>
      <PageHead
        title="Add a second factor"
        lead="A password alone can be stolen. Scan the picture with an authenticator app on your phone, such as Microsoft or Google Authenticator. It is drawn in this browser and sent nowhere."
      />
      <div className="panel setup-factor">
        <QRCode text={enrolled.uri} label="Code to scan with an authenticator app. The same secret stands beside it as text." />
        <div className="stack">
          <div>
            <p className="legend">Or type this into the app</p>
            <Secret text={enrolled.secret.replace(/(.{4})(?=.)/g, "$1 ")} label="secret for the authenticator app" />
            <p className="hint">Account {enrolled.email}, time-based, six digits.</p>
          </div>
          {confirm.error && <ErrorState error={problemOf(confirm.error)} />}
          <form className="form" onSubmit={submit} noValidate>
            <Field
              label="Code that the app shows"
              required
              inputMode="numeric"
              autoComplete="one-time-code"
              maxLength={7}
              value={code}
              onChange={(event) => setCode(event.target.value.replace(/\D/g, "").slice(0, 6))}
              error={tried && !whole ? "Enter the six digits." : undefined}
            />
            <div className="dialog-foot">
              <button type="button" className="button" onClick={onBack}>
                Back
              </button>
              <button type="submit" className="button" data-primary disabled={confirm.isPending}>
                {confirm.isPending ? "Checking" : "Confirm"}
              </button>
            </div>
          </form>
        </div>
      </div>
    </>
  );
}
