import type { Parameter } from "@/api/types";
import { value } from "@/lib/format";
import { attributeLabel, sentence } from "@/lib/words";
import { FactRow, Facts } from "@/ui/page";

/** ParameterList shows what a check's thresholds are set to, and where they come from. */
export function ParameterList({ parameters }: { parameters: Parameter[] }) {
  return (
    <Facts>
      {parameters.map((parameter) => (
        <FactRow key={parameter.name} name={attributeLabel(parameter.name)}>
          <strong className="num">
            {value(parameter.value)} {parameter.units}
          </strong>
          {parameter.override && <span className="muted"> (default {value(parameter.default)})</span>}
          <p className="muted small">
            {sentence(parameter.doc)}
            {parameter.citation && ` Source: ${parameter.citation}.`}
          </p>
        </FactRow>
      ))}
    </Facts>
  );
}
