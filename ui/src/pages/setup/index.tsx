import { useState } from "react";
import { Navigate } from "react-router";
import { problemOf } from "@/api/client";
import { useSessionQuery } from "@/api/session";
import { useLink } from "@/api/setup";
import type { OrganizationInput } from "@/api/types";
import { Gate } from "@/shell/gate";
import { ErrorState, Notice, PageHead, Skeleton } from "@/ui/page";
import { Organization } from "./organization";
import { Person } from "./person";
import { type Enrolled, Factor } from "./factor";
import { Recovery } from "./recovery";
import "./setup.css";

// The secret of the link is in the fragment, which browsers never send. It is
// taken out of the address at once, so that it stays in no history.
function takeLink(): string {
  const link = window.location.hash.slice(1);
  if (link) window.history.replaceState(window.history.state, "", window.location.pathname);
  return link;
}

let taken: string | undefined;

type Step = "organization" | "person" | "factor" | "recovery";

/** SetUp is the first run, or the first sign-in of an invited user. */
export function Component() {
  const [link] = useState(() => (taken ??= takeLink()));
  const session = useSessionQuery();
  const purpose = useLink(link);
  const [organization, setOrganization] = useState<OrganizationInput | null>(null);
  const [enrolled, setEnrolled] = useState<Enrolled | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const [back, setBack] = useState(false);

  const first = purpose.data?.purpose === "organization";
  const step: Step = codes ? "recovery" : enrolled ? "factor" : first && (!organization || back) ? "organization" : "person";

  if (!link) {
    if (session.data?.signed_in) return <Navigate to="/" replace />;
    if (session.data && !session.data.set_up_needed) return <Navigate to="/sign-in" replace />;
    return (
      <Gate>
        <div className="page">
          <PageHead title="Open the set-up link" lead="This server has no administrator yet." />
          <Notice>
            <p>
              When it started, Asepsis printed a one-time set-up link in its window. Open that link in this browser. If it is gone, restart{" "}
              <code>asepsis serve</code> and it prints a new one.
            </p>
          </Notice>
        </div>
      </Gate>
    );
  }
  if (purpose.error) {
    return (
      <Gate>
        <div className="page">
          <PageHead title="This link does not work" />
          <ErrorState error={problemOf(purpose.error)} />
        </div>
      </Gate>
    );
  }
  if (purpose.isPending) {
    return (
      <Gate>
        <Skeleton />
      </Gate>
    );
  }

  return (
    <Gate>
      <div className="page">
        <Steps first={first} step={step} />
        {step === "organization" && (
          <Organization
            initial={organization}
            onDone={(chosen) => {
              setOrganization(chosen);
              setBack(false);
            }}
          />
        )}
        {step === "person" && (
          <Person
            link={link}
            purpose={purpose.data}
            organization={organization}
            onBack={first ? () => setBack(true) : undefined}
            onDone={setEnrolled}
          />
        )}
        {step === "factor" && enrolled && <Factor link={link} enrolled={enrolled} onBack={() => setEnrolled(null)} onDone={setCodes} />}
        {step === "recovery" && codes && <Recovery codes={codes} first={first} />}
      </div>
    </Gate>
  );
}

function Steps({ first, step }: { first: boolean; step: Step }) {
  const steps: { step: Step; word: string }[] = [
    ...(first ? [{ step: "organization" as const, word: "Organization" }] : []),
    { step: "person", word: first ? "Administrator" : "You" },
    { step: "factor", word: "Second factor" },
    { step: "recovery", word: "Recovery codes" },
  ];
  const here = steps.findIndex((one) => one.step === step);
  return (
    <ol className="setup-steps" aria-label="Steps">
      {steps.map((one, at) => (
        <li key={one.step} aria-current={at === here ? "step" : undefined} data-done={at < here || undefined}>
          {one.word}
        </li>
      ))}
    </ol>
  );
}
