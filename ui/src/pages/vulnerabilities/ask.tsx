import { useState } from "react";
import { Icon } from "@/ui/icons";

/** AskBox takes a CVE as people have it from a mail or the news, and asks whether anything here is affected. */
export function AskBox({ onAsk, start = "" }: { onAsk: (id: string) => void; start?: string }) {
  const [text, setText] = useState(start);
  return (
    <form
      className="ask"
      role="search"
      aria-label="Are we affected?"
      onSubmit={(event) => {
        event.preventDefault();
        const id = text.trim().replace(/.*(CVE-\d{4}-\d{4,}).*/is, "$1");
        if (id) onAsk(id);
      }}
    >
      <label htmlFor="ask-flaw">Are we affected?</label>
      <div className="ask-row">
        <input
          id="ask-flaw"
          className="input"
          placeholder="Paste a CVE or an advisory: CVE-2024-3094, DSA-5649-1, ICSMA-24-…"
          value={text}
          onChange={(event) => setText(event.target.value)}
          autoComplete="off"
          spellCheck={false}
        />
        <button type="submit" className="button" data-primary>
          <Icon name="search" size={16} />
          Ask
        </button>
      </div>
    </form>
  );
}
