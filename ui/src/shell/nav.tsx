import { Link, NavLink } from "react-router";
import { may, useSignOut } from "@/api/session";
import type { SessionState } from "@/api/types";
import { type Role, roleMeaning, roleWord } from "@/lib/words";
import { Icon, type IconName } from "@/ui/icons";
import { ThemeSwitch } from "./theme";

interface Entry {
  to: string;
  label: string;
  icon: IconName;
  need: string;
}

const groups: { title?: string; entries: Entry[] }[] = [
  {
    entries: [
      { to: "/", label: "Today", icon: "today", need: "read_summary" },
      { to: "/goals", label: "Goals", icon: "goals", need: "read_summary" },
      { to: "/report", label: "Report", icon: "report", need: "read_summary" },
    ],
  },
  {
    title: "What to mend",
    entries: [
      { to: "/vulnerabilities", label: "Vulnerabilities", icon: "vulnerabilities", need: "read_detail" },
      { to: "/devices", label: "Device models", icon: "devices", need: "read_detail" },
      { to: "/feeds", label: "Advisories", icon: "feeds", need: "read_detail" },
    ],
  },
  {
    title: "What is known",
    entries: [
      { to: "/assets", label: "Assets", icon: "assets", need: "read_detail" },
      { to: "/discovery", label: "Discovery", icon: "discovery", need: "read_detail" },
      { to: "/people", label: "People", icon: "people", need: "read_detail" },
      { to: "/accounts", label: "Accounts", icon: "accounts", need: "read_detail" },
      { to: "/vendors", label: "Vendors", icon: "vendors", need: "read_detail" },
      { to: "/imports", label: "Imports", icon: "imports", need: "read_detail" },
    ],
  },
  {
    title: "Asepsis itself",
    entries: [
      { to: "/settings", label: "Settings", icon: "settings", need: "own_session" },
      { to: "/audit", label: "Audit trail", icon: "audit", need: "read_audit" },
    ],
  },
];

export function Brand() {
  return (
    <Link to="/" className="brand">
      <img src="/favicon.svg" width={28} height={28} alt="" />
      Asepsis
    </Link>
  );
}

/** Sidebar is the way to every page, shown only where one may go there. */
export function Sidebar({ session, onNavigate }: { session: SessionState; onNavigate?: () => void }) {
  const signOut = useSignOut();
  const user = session.user;
  const role = user?.role as Role | undefined;
  return (
    <nav className="sidebar" aria-label="Pages">
      <Brand />
      <div>
        {groups.map((group) => {
          const shown = group.entries.filter((entry) => may(session, entry.need));
          if (shown.length === 0) return null;
          return (
            <div key={group.title ?? ""}>
              {group.title && <p className="nav-group">{group.title}</p>}
              <ul className="nav">
                {shown.map((entry) => (
                  <li key={entry.to}>
                    <NavLink to={entry.to} end={entry.to === "/"} {...(onNavigate ? { onClick: onNavigate } : {})}>
                      <Icon name={entry.icon} />
                      {entry.label}
                    </NavLink>
                  </li>
                ))}
              </ul>
            </div>
          );
        })}
      </div>
      <div className="sidebar-foot">
        <ThemeSwitch />
        {user && (
          <div className="who-row">
            <div className="who">
              <strong>{user.name}</strong>
              {role && (
                <span className="muted small" title={roleMeaning[role]}>
                  {roleWord[role]}
                </span>
              )}
            </div>
            <button type="button" className="icon-button" aria-label="Sign out" title="Sign out" onClick={() => signOut.mutate()}>
              <Icon name="signOut" />
            </button>
          </div>
        )}
      </div>
    </nav>
  );
}
