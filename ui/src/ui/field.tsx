import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, useId } from "react";

interface Common {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
}

/** Field is a labeled input whose hint and error are read out with it. */
export function Field({ label, hint, error, ...input }: Common & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  const told = [hint ? `${id}-hint` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label htmlFor={id}>
        {label}
        {!input.required && <span className="optional"> (optional)</span>}
      </label>
      <input id={id} className="input" aria-describedby={told || undefined} aria-invalid={error ? true : undefined} {...input} />
      {hint && (
        <div id={`${id}-hint`} className="hint">
          {hint}
        </div>
      )}
      {error && (
        <p id={`${id}-error`} className="field-error">
          {error}
        </p>
      )}
    </div>
  );
}

/** Select is the browser's own list: it works on a phone, with a keyboard, and in print. */
export function Select(props: { label: string; hideLabel?: boolean; children: ReactNode } & SelectHTMLAttributes<HTMLSelectElement>) {
  const { label, hideLabel = false, children, ...select } = props;
  const id = useId();
  return (
    <div className="field" data-inline={hideLabel || undefined}>
      <label htmlFor={id} className={hideLabel ? "visually-hidden" : undefined}>
        {label}
      </label>
      <select id={id} className="input" {...select}>
        {children}
      </select>
    </div>
  );
}

export function Checkbox({ label, hint, ...input }: Common & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  return (
    <div className="checkbox">
      <input id={id} type="checkbox" aria-describedby={hint ? `${id}-hint` : undefined} {...input} />
      <div>
        <label htmlFor={id}>{label}</label>
        {hint && (
          <p id={`${id}-hint`} className="hint">
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}
