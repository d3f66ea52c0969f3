import { type FormEvent, useEffect, useState } from "react";
import { useHospitals, usePresets } from "@/api/queries";
import type { Hospital, OrganizationInput } from "@/api/types";
import { organizationKind } from "@/lib/words";
import { Choices } from "@/ui/choice";
import { Field } from "@/ui/field";
import { ErrorState, PageHead } from "@/ui/page";

type Kind = OrganizationInput["kind"];

/** Organization asks whom the records are about: look it up, or say it. */
export function Organization({ initial, onDone }: { initial: OrganizationInput | null; onDone: (organization: OrganizationInput) => void }) {
  const presets = usePresets();
  const [kind, setKind] = useState<Kind | "">(initial?.kind ?? "");
  const [name, setName] = useState(initial?.name ?? "");
  const [beds, setBeds] = useState(initial?.beds ? String(initial.beds) : "");
  const [ccn, setCCN] = useState(initial?.ccn ?? "");
  const [state, setState] = useState(initial?.state ?? "");
  const [tried, setTried] = useState(false);

  function take(hospital: Hospital) {
    setName(hospital.name);
    setKind(hospital.kind);
    setBeds(hospital.beds ? String(hospital.beds) : "");
    setCCN(hospital.ccn);
    setState(hospital.state);
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    if (!kind || name.trim().length < 2) return;
    onDone({ name: name.trim(), kind, ...(ccn ? { ccn } : {}), ...(state ? { state } : {}), ...(Number(beds) > 0 ? { beds: Number(beds) } : {}) });
  }

  return (
    <>
      <PageHead
        title="Which organization is this?"
        lead="Asepsis keeps its records about one organization. Everything stays on this machine; nothing is sent anywhere."
      />
      <Lookup onTake={take} />
      <form className="panel stack" onSubmit={submit} noValidate>
        <Field
          label="Name"
          required
          value={name}
          autoComplete="organization"
          onChange={(event) => setName(event.target.value)}
          error={tried && name.trim().length < 2 ? "Enter the name of the organization." : undefined}
        />
        {presets.error && <ErrorState error={presets.error} />}
        <Choices<Kind>
          legend="Kind"
          name="kind"
          value={kind}
          onChange={(chosen) => {
            setKind(chosen);
            const typical = presets.data?.find((preset) => preset.kind === chosen)?.beds;
            if (!beds && typical) setBeds(String(typical));
          }}
          options={(presets.data ?? []).map((preset) => ({ value: preset.kind, title: preset.title, note: preset.doc }))}
        />
        {tried && !kind && <p className="field-error">Choose the kind that comes closest.</p>}
        <div className="setup-pair">
          <Field label="Staffed beds" inputMode="numeric" value={beds} onChange={(event) => setBeds(event.target.value.replace(/\D/g, ""))} />
          <Field
            label="CMS number"
            value={ccn}
            maxLength={6}
            onChange={(event) => setCCN(event.target.value.toUpperCase())}
            hint="Certification number (CCN), six characters"
          />
        </div>
        <div className="dialog-foot">
          <button type="submit" className="button" data-primary>
            Continue
          </button>
        </div>
      </form>
    </>
  );
}

function Lookup({ onTake }: { onTake: (hospital: Hospital) => void }) {
  const [text, setText] = useState("");
  const [asked, setAsked] = useState("");
  const [taken, setTaken] = useState<Hospital | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text.trim()), 200);
    return () => clearTimeout(timer);
  }, [text]);
  const found = useHospitals(asked);
  const list = asked.length >= 2 && !taken ? (found.data ?? []) : [];

  return (
    <section className="panel stack" aria-label="Look up your hospital">
      <Field
        label="Look up your hospital"
        type="search"
        autoComplete="off"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setTaken(null);
        }}
        placeholder="Name or CCN"
        hint="From the public list of hospitals, kept on this machine. Skip it if yours is not there."
      />
      <div role="status">
        {asked.length >= 2 && !taken && found.data && (
          <p className="visually-hidden">{list.length === 0 ? "No hospital found" : `${list.length} hospitals found`}</p>
        )}
        {taken && (
          <p className="muted">
            Filled in below from {taken.name}, CCN {taken.ccn}. Change what is not right.
          </p>
        )}
      </div>
      {list.length > 0 && (
        <ul className="setup-found">
          {list.map((hospital) => (
            <li key={hospital.ccn}>
              <button
                type="button"
                onClick={() => {
                  setTaken(hospital);
                  setText(hospital.name);
                  onTake(hospital);
                }}
              >
                <strong>{hospital.name}</strong>
                <span className="muted small">
                  {[hospital.city, hospital.state].filter(Boolean).join(", ")}, CCN {hospital.ccn}, {organizationKind[hospital.kind]?.toLowerCase()}
                  {hospital.beds ? `, ${hospital.beds} beds` : ""}
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
      {asked.length >= 2 && !taken && found.data?.length === 0 && <p className="muted">No hospital is called that. Enter it below.</p>}
    </section>
  );
}
