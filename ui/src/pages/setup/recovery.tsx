import { useState } from "react";
import { useNavigate } from "react-router";
import { Checkbox } from "@/ui/field";
import { Icon } from "@/ui/icons";
import { Notice, PageHead } from "@/ui/page";

/** Recovery shows the recovery codes, this once. */
export function Recovery({ codes, first }: { codes: string[]; first: boolean }) {
  const navigate = useNavigate();
  const [kept, setKept] = useState(false);
  return (
    <>
      <PageHead title="Keep your recovery codes" lead="Each signs you in once if your phone is lost. They are shown only now." />
      <div className="panel stack">
        <ol className="codes">
          {codes.map((code) => (
            <li key={code}>
              <code>{code}</code>
            </li>
          ))}
        </ol>
        <div className="actions no-print">
          <button type="button" className="button" onClick={() => window.print()}>
            <Icon name="print" size={16} />
            Print
          </button>
          <a
            className="button"
            href={`data:text/plain;charset=utf-8,${encodeURIComponent(codes.join("\n") + "\n")}`}
            download="asepsis-recovery-codes.txt"
          >
            <Icon name="download" size={16} />
            Save as a file
          </a>
        </div>
        <div className="no-print stack">
          {first && (
            <Notice>
              <p>Asepsis is already reading this machine. Today shows what it found, as it goes.</p>
            </Notice>
          )}
          <Checkbox label="I have put them somewhere safe" checked={kept} onChange={(event) => setKept(event.target.checked)} />
          <div className="dialog-foot">
            <button type="button" className="button" data-primary disabled={!kept} onClick={() => void navigate("/", { replace: true })}>
              Go to Today
            </button>
          </div>
        </div>
      </div>
    </>
  );
}
