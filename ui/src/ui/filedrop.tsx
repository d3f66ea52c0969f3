import { type DragEvent, type ReactNode, useRef, useState } from "react";
import { Icon } from "./icons";

/** FileDrop takes files by drag and drop, or by the button, which the keyboard reaches. */
export function FileDrop({ onFiles, children }: { onFiles: (files: File[]) => void; children?: ReactNode }) {
  const [over, setOver] = useState(false);
  const depth = useRef(0);
  const input = useRef<HTMLInputElement>(null);

  // Entering a child leaves the parent, so the depth tells when the drag has really left.
  function drag(event: DragEvent, step: number) {
    event.preventDefault();
    depth.current += step;
    setOver(depth.current > 0);
  }

  return (
    <div
      className="filedrop"
      data-over={over || undefined}
      onDragEnter={(event) => drag(event, 1)}
      onDragLeave={(event) => drag(event, -1)}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        depth.current = 0;
        setOver(false);
        const files = [...event.dataTransfer.files];
        if (files.length > 0) onFiles(files);
      }}
    >
      <Icon name="imports" size={28} />
      <div>
        <p className="filedrop-title">{over ? "Drop to preview" : "Drop files here"}</p>
        {children && <div className="muted">{children}</div>}
      </div>
      <button type="button" className="button" data-primary onClick={() => input.current?.click()}>
        Choose files
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label="Files to import"
        onChange={(event) => {
          const files = [...(event.target.files ?? [])];
          // The same file may be chosen again after it was mended.
          event.target.value = "";
          if (files.length > 0) onFiles(files);
        }}
      />
    </div>
  );
}
