import { useState } from "react";
import { useDecide } from "@/api/inventory";
import type { FlawDetail } from "@/api/types";
import { flawWord } from "@/lib/words";
import { Dialog } from "@/ui/dialog";
import { Field, Select } from "@/ui/field";
import { ErrorState } from "@/ui/page";
import { notify } from "@/ui/toast";

const meaning = {
  accept: "The risk is taken, knowingly, until the day below.",
  dispute: "It is not so here: the software or the way it is used is not affected.",
  compensate: "It cannot be mended now; something else holds it.",
};

/** DecideDialog asks what a person decides of a flaw, why, and until when. */
export function DecideDialog({ flaw, onClose }: { flaw: FlawDetail; onClose: () => void }) {
  const [kind, setKind] = useState<keyof typeof meaning>("accept");
  const [scope, setScope] = useState("");
  const [reason, setReason] = useState("");
  const [control, setControl] = useState("");
  const [until, setUntil] = useState(inMonths(3));
  const decide = useDecide();
  const software = [...new Set(flaw.affected.map((one) => one.software).filter((one): one is string => !!one))];
  return (
    <Dialog title={`Decide about ${flawWord(flaw.id)}`} open onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          const [what, name] = scope.split(/:(.*)/s);
          decide.mutate(
            {
              kind,
              flaw: flaw.id,
              reason,
              until: new Date(`${until}T23:59:59`).toISOString(),
              ...(control ? { control } : {}),
              ...(what === "software" && name ? { software: name } : {}),
              ...(what === "asset" && name ? { group: name } : {}),
            },
            {
              onSuccess: () => {
                notify("The decision stands, and is in the record.");
                onClose();
              },
            },
          );
        }}
      >
        <Select label="Decision" value={kind} onChange={(event) => setKind(event.target.value as keyof typeof meaning)}>
          <option value="accept">Accept the risk</option>
          <option value="dispute">Dispute the finding</option>
          <option value="compensate">Compensate</option>
        </Select>
        <p className="hint">{meaning[kind]}</p>
        <Select label="Of" value={scope} onChange={(event) => setScope(event.target.value)}>
          <option value="">Every device that has it ({flaw.affected_all})</option>
          {software.map((one) => (
            <option key={one} value={`software:${one}`}>
              Only in {one}
            </option>
          ))}
          {flaw.affected.slice(0, 100).map((one) => (
            <option key={one.asset.id} value={`asset:${one.asset.id}`}>
              Only on {one.asset.label}
            </option>
          ))}
        </Select>
        {kind === "compensate" && (
          <Field
            label="What holds it"
            required
            value={control}
            onChange={(event) => setControl(event.target.value)}
            hint="Isolation in a network of its own, a virtual patch, …"
          />
        )}
        <Field
          label="Why"
          required
          minLength={10}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          hint="A sentence or two; an auditor reads it."
        />
        <Field label="Until" type="date" required value={until} min={inMonths(0)} max={inMonths(12)} onChange={(event) => setUntil(event.target.value)} />
        {decide.error && <ErrorState error={decide.error} />}
        <div className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button" data-primary disabled={decide.isPending}>
            Decide
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function inMonths(n: number): string {
  const at = new Date();
  at.setMonth(at.getMonth() + n);
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")}`;
}
