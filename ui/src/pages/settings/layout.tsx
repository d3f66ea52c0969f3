import { NavLink, Outlet } from "react-router";
import { may, useSession } from "@/api/session";
import "./settings.css";

const tabs = [
  { to: "users", label: "Users", need: "read_users" },
  { to: "parameters", label: "Parameters", need: "read_detail" },
  { to: "tokens", label: "API tokens", need: "read_users" },
  { to: "organization", label: "Organization", need: "own_session" },
  { to: "ledger", label: "Ledger", need: "read_detail" },
] as const;

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
