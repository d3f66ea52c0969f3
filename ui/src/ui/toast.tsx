import { useSyncExternalStore } from "react";
import { Icon } from "./icons";

interface Toast {
  id: number;
  text: string;
  tone: "good" | "bad";
}

// One queue for the page: whoever finishes something may say so from anywhere.
let toasts: Toast[] = [];
let lastID = 0;
const listeners = new Set<() => void>();

function change(next: Toast[]) {
  toasts = next;
  for (const listener of listeners) listener();
}

/** notify says that something was done, or was not. What matters stays on the page too. */
export function notify(text: string, tone: Toast["tone"] = "good") {
  const id = ++lastID;
  change([...toasts.slice(-2), { id, text, tone }]);
  // Bad news stays until it is dismissed.
  if (tone === "good") setTimeout(() => dismiss(id), 6000);
}

function dismiss(id: number) {
  change(toasts.filter((toast) => toast.id !== id));
}

/** Toasts is the one live region that reads them out. */
export function Toasts() {
  const list = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div className="toasts" role="status" aria-live="polite" aria-atomic="false">
      {list.map((toast) => (
        <div key={toast.id} className="toast" data-tone={toast.tone}>
          <Icon name={toast.tone === "good" ? "check" : "warn"} />
          <span>{toast.text}</span>
          <button type="button" className="icon-button" aria-label="Dismiss" onClick={() => dismiss(toast.id)}>
            <Icon name="close" size={16} />
          </button>
        </div>
      ))}
    </div>
  );
}
