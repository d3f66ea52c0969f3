import type { Parameter } from "@/api/types";
import { parameterWord } from "@/lib/parameter";
import { attributeLabel, sentence } from "@/lib/words";
import { FactRow, Facts } from "@/ui/page";

/** ParameterList shows what a check's thresholds are set to, and where they come from. */
export function ParameterList({ parameters }: { parameters: Parameter[] }) {
  return (
    <Facts>
      {parameters.map((parameter) => (
        <FactRow key={parameter.name} name={attributeLabel(parameter.name)}>
          <strong className="num">{parameterWord(parameter.value, parameter.units)}</strong>
          {parameter.override && <span className="muted"> (default {parameterWord(parameter.default, parameter.units)})</span>}
          <p className="muted small">
            {sentence(parameter.doc)}
            {parameter.citation && ` Source: ${parameter.citation}.`}
          </p>
        </FactRow>
      ))}
    </Facts>
  );
}
