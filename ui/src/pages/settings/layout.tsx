import { Navigate, NavLink, Outlet } from "react-router";
import { may, useSession } from "@/api/session";
import "./settings.css";

const tabs = [
  { to: "users", label: "Users", need: "read_users" },
  { to: "parameters", label: "Parameters", need: "read_detail" },
  { to: "tokens", label: "API tokens", need: "read_users" },
  { to: "organization", label: "Organization", need: "read_summary" },
  { to: "ledger", label: "Ledger", need: "read_detail" },
  { to: "you", label: "You", need: "own_session" },
] as const;

/** Start leads to the first part that one may see. */
export function Start() {
  const session = useSession();
  const first = tabs.find((tab) => may(session, tab.need));
  return <Navigate to={`/settings/${first?.to ?? "you"}`} replace />;
}

/** Settings holds what is set once in a while; each part has its own address. */
export function Component() {
  const session = useSession();
  return (
    <div className="settings">
      <nav className="tabs" aria-label="Settings">
        <ul>
          {tabs
            .filter((tab) => may(session, tab.need))
            .map((tab) => (
              <li key={tab.to}>
                <NavLink to={tab.to}>{tab.label}</NavLink>
              </li>
            ))}
        </ul>
      </nav>
      <Outlet />
    </div>
  );
}
