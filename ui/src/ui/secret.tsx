import { Icon } from "./icons";
import { notify } from "./toast";

/** Secret shows something once, with a button that copies it. */
export function Secret({ text, label }: { text: string; label: string }) {
  return (
    <div className="secret">
      <code aria-label={label}>{text}</code>
      <button
        type="button"
        className="icon-button"
        aria-label={`Copy ${label}`}
        onClick={() => {
          // The clipboard needs TLS or this machine itself; without it the text can still be selected.
          if (navigator.clipboard) void navigator.clipboard.writeText(text).then(() => notify("Copied."));
          else notify("Select the text and copy it by hand.", "bad");
        }}
      >
        <Icon name="copy" size={16} />
      </button>
    </div>
  );
}
