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
