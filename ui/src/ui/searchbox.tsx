import { useEffect, useId, useState } from "react";
import { useFilters } from "@/lib/filters";

/** SearchBox filters by text. It writes q to the address once the typing rests. */
export function SearchBox({ label, placeholder }: { label: string; placeholder?: string }) {
  const { filters, set } = useFilters("q");
  const [text, setText] = useState(filters.q);
  const id = useId();

  // The address may change under us: by the Back button, or a link to another filter.
  const [seen, setSeen] = useState(filters.q);
  if (seen !== filters.q) {
    setSeen(filters.q);
    if (text.trim() !== filters.q) setText(filters.q);
  }

  useEffect(() => {
    if (text.trim() === filters.q) return;
    const timer = setTimeout(() => set({ q: text.trim() }, { replace: true }), 250);
    return () => clearTimeout(timer);
  }, [text, filters.q, set]);

  return (
    <div className="field" data-grow>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="input"
        type="search"
        autoComplete="off"
        placeholder={placeholder}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </div>
  );
}
