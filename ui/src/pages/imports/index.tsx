import { useId, useState } from "react";
import { useSearchParams } from "react-router";
import { useFormats } from "@/api/queries";
import { may, useSession } from "@/api/session";
import { FileDrop } from "@/ui/filedrop";
import { Icon } from "@/ui/icons";
import { ErrorState, Notice, PageHead, Panel, Skeleton } from "@/ui/page";
import { templateURL } from "@/api/client";
import { capital } from "@/lib/words";
import { History } from "./history";
import { Preview } from "./preview";
import "./imports.css";

interface Dropped {
  key: string;
  file: File;
}

let drops = 0;

/** Imports takes files, shows what each would change, and keeps the history. */
export function Component() {
  const session = useSession();
  const formats = useFormats();
  const [params] = useSearchParams();
  const [files, setFiles] = useState<Dropped[]>([]);
  const heading = useId();
  const brings = may(session, "import");

  return (
    <div className="page">
      <PageHead
        title="Imports"
        lead="Bring what you already have: scans, rosters, exports, bills of materials. Asepsis recognizes each file by its content and shows what it would change before anything is stored."
      />
      {params.get("for") && (
        <Notice>
          <p>
            You came here for the goal <strong>{params.get("for")!.replaceAll("-", " ")}</strong>. The table below says what each kind of file is good
            for.
          </p>
        </Notice>
      )}
      {brings ? (
        <FileDrop onFiles={(more) => setFiles((now) => [...now, ...more.map((file) => ({ key: `${++drops}`, file }))])}>
          CSV, Excel, CycloneDX, nmap, Nessus, XCCDF or ARF, ScubaGear. Bringing the same file twice changes nothing.
        </FileDrop>
      ) : (
        <Notice>
          <p>Your role reads imports but brings none. Ask an analyst or administrator.</p>
        </Notice>
      )}

      {files.length > 0 && (
        <section aria-labelledby={heading} className="stack">
          <h2 id={heading}>Files to import</h2>
          {files.map(({ key, file }) => (
            <Preview key={key} file={file} onRemove={() => setFiles((now) => now.filter((one) => one.key !== key))} />
          ))}
        </section>
      )}

      <History />

      <Panel title="What you can bring" note="Templates open in Excel" flush>
        {formats.error && <ErrorState error={formats.error} />}
        {formats.isPending && <Skeleton />}
        {formats.data && (
          <ul className="formats">
            {formats.data.map((format) => (
              <li key={format.id}>
                <div>
                  <strong>{format.title}</strong> <span className="muted small">{format.extensions.join(", ")}</span>
                  <p className="muted">{capital(format.gives)}</p>
                </div>
                {format.template && (
                  <a className="button" href={templateURL(format.template)} download>
                    <Icon name="download" size={16} />
                    Template<span className="visually-hidden"> for {format.title}</span>
                  </a>
                )}
              </li>
            ))}
          </ul>
        )}
      </Panel>
    </div>
  );
}
