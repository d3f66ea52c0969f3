import { percent, value } from "./format";

/** parseValue reads what was typed for a parameter as the parameter's own type. */
export function parseValue(type: string, text: string): { value: unknown; error?: string } {
  const typed = text.trim();
  switch (type) {
    case "bool":
      return { value: typed === "true" };
    case "int":
      return /^-?\d+$/.test(typed) ? { value: Number(typed) } : { value: null, error: "Enter a whole number, such as 30." };
    case "double": {
      const n = Number(typed);
      return typed !== "" && Number.isFinite(n) ? { value: n } : { value: null, error: "Enter a number, such as 0.95." };
    }
    case "list(string)":
      return {
        value: typed
          .split(",")
          .map((part) => part.trim())
          .filter(Boolean),
      };
    default:
      return typed === "" ? { value: null, error: "Enter a value." } : { value: typed };
  }
}

/** durationWord says 35d as 35 days. */
export function durationWord(text: string): string {
  const found = /^(\d+)([dh])$/.exec(text);
  if (!found) return text;
  const unit = found[2] === "d" ? "day" : "hour";
  return `${found[1]} ${unit}${found[1] === "1" ? "" : "s"}`;
}

/** parameterWord says a value with its unit: shares as percent, durations in words. */
export function parameterWord(v: unknown, units?: string): string {
  if (units === "share" && typeof v === "number") return percent(v, 1);
  if (typeof v === "string" && /^\d+[dh]$/.test(v)) return durationWord(v);
  return units ? `${value(v)} ${units}` : value(v);
}
