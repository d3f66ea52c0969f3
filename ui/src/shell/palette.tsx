import { useEffect, useState } from "react";
import { Autocomplete, Dialog, Input, Menu, MenuItem, Modal, ModalOverlay, SearchField } from "react-aria-components";
import { useNavigate } from "react-router";
import { useSearch } from "@/api/queries";
import { may } from "@/api/session";
import type { SearchHit, SessionState } from "@/api/types";
import { capital, kindWord } from "@/lib/words";
import { Icon, type IconName } from "@/ui/icons";

const icons: Record<string, IconName> = {
  goal: "goals",
  check: "check",
  page: "file",
  asset: "assets",
  person: "people",
  vendor: "vendors",
  account: "accounts",
  // Pages, by the first word of their address.
  today: "today",
  goals: "goals",
  imports: "imports",
  report: "report",
  assets: "assets",
  people: "people",
  accounts: "accounts",
  vendors: "vendors",
  settings: "settings",
  audit: "audit",
  vulnerabilities: "vulnerabilities",
  devices: "devices",
  feeds: "feeds",
  discovery: "discovery",
  vulnerability: "vulnerabilities",
  model: "devices",
};

// What is offered before anything is typed.
const places: (SearchHit & { need: string })[] = [
  { kind: "page", id: "/", label: "Today", link: "/", note: "Where the organization stands", need: "read_summary" },
  { kind: "page", id: "/goals", label: "Goals", link: "/goals", note: "The twenty goals", need: "read_summary" },
  { kind: "page", id: "/imports", label: "Imports", link: "/imports", note: "Bring a file", need: "read_detail" },
  { kind: "page", id: "/report", label: "Report", link: "/report", note: "For the board", need: "read_summary" },
  { kind: "page", id: "/vulnerabilities", label: "Vulnerabilities", link: "/vulnerabilities", note: "What to mend first", need: "read_detail" },
  { kind: "page", id: "/devices", label: "Device models", link: "/devices", note: "By maker and model", need: "read_detail" },
  { kind: "page", id: "/feeds", label: "Advisories", link: "/feeds", note: "What software is held against", need: "read_detail" },
  { kind: "page", id: "/discovery", label: "Discovery", link: "/discovery", note: "Search permitted networks", need: "read_detail" },
  { kind: "page", id: "/assets", label: "Assets", link: "/assets", note: "Every device", need: "read_detail" },
  { kind: "page", id: "/people", label: "People", link: "/people", note: "The roster", need: "read_detail" },
  { kind: "page", id: "/accounts", label: "Accounts", link: "/accounts", note: "Every sign-in", need: "read_detail" },
  { kind: "page", id: "/vendors", label: "Vendors", link: "/vendors", note: "Suppliers", need: "read_detail" },
  { kind: "page", id: "/settings", label: "Settings", link: "/settings", need: "read_detail" },
  { kind: "page", id: "/audit", label: "Audit trail", link: "/audit", need: "read_audit" },
];

function kindOf(hit: SearchHit): string {
  return hit.kind === "page" ? "Page" : capital(kindWord(hit.kind, 1));
}

/** Palette finds anything by typing: goals, checks, devices, people, vendors, pages. */
export default function Palette({ session, onClose }: { session: SessionState; onClose: () => void }) {
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const [asked, setAsked] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text.trim()), 120);
    return () => clearTimeout(timer);
  }, [text]);
  const search = useSearch(asked);
  const hits: SearchHit[] = asked === "" ? places.filter((place) => may(session, place.need)) : (search.data?.hits ?? []);
  const waiting = asked !== "" && search.isPending;

  function go(key: string) {
    const hit = hits.find((one) => `${one.kind}/${one.id}` === key);
    if (!hit) return;
    onClose();
    void navigate(hit.link);
  }

  return (
    <ModalOverlay className="scrim" isOpen isDismissable onOpenChange={(open) => !open && onClose()}>
      <Modal className="modal palette">
        <Dialog className="dialog" aria-label="Search everything">
          {/* Escape closes at once; the search field would only empty itself. */}
          <div
            role="presentation"
            onKeyDownCapture={(event) => {
              if (event.key !== "Escape") return;
              event.stopPropagation();
              onClose();
            }}
          >
            <Autocomplete inputValue={text} onInputChange={setText}>
              <SearchField aria-label="Search everything" className="palette-field" autoFocus>
                <Icon name="search" />
                <Input placeholder="A device, CVE, goal, person, vendor or page" />
              </SearchField>
              <Menu
                className="palette-list"
                aria-label="What was found"
                items={hits}
                onAction={(key) => go(String(key))}
                renderEmptyState={() => (
                  <p className="palette-empty">
                    {search.error ? "The search did not answer. Try again." : waiting ? "Searching" : `Nothing is called “${asked}”.`}
                  </p>
                )}
              >
                {(hit: SearchHit) => (
                  <MenuItem
                    id={`${hit.kind}/${hit.id}`}
                    textValue={hit.label}
                    // What it is called, read out as it is shown.
                    aria-label={[hit.label, capital(hit.note ?? ""), kindOf(hit)].filter(Boolean).join(" ")}
                    className="palette-item"
                  >
                    <Icon name={icons[hit.id.slice(1)] ?? icons[hit.kind] ?? "file"} />
                    <div>
                      {hit.label} {hit.note && <p className="palette-note">{capital(hit.note)} </p>}
                    </div>
                    <span className="palette-note">{kindOf(hit)}</span>
                  </MenuItem>
                )}
              </Menu>
            </Autocomplete>
          </div>
          <p className="palette-foot">
            <span>
              <kbd>↑</kbd> <kbd>↓</kbd> choose
            </span>
            <span>
              <kbd>Enter</kbd> open
            </span>
            <span>
              <kbd>Esc</kbd> close
            </span>
          </p>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
