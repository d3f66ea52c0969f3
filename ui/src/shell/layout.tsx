import { lazy, Suspense, useEffect, useState } from "react";
import { Navigate, Outlet, ScrollRestoration, useLocation } from "react-router";
import { useEvents } from "@/api/events";
import { useOrganization, useToday } from "@/api/queries";
import { useSessionQuery } from "@/api/session";
import { problemOf } from "@/api/client";
import { Icon } from "@/ui/icons";
import { ErrorState, Skeleton } from "@/ui/page";
import { Toasts } from "@/ui/toast";
import { DemoBanner } from "./demo";
import { Gate } from "./gate";
import { JobBar } from "./job";
import { Sidebar } from "./nav";

// Dialogs come with what they need, when they are first asked for.
const Palette = lazy(() => import("./palette"));
const Drawer = lazy(() => import("./drawer"));

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** Layout is what surrounds every page after sign-in. */
export function Layout() {
  const session = useSessionQuery();
  const location = useLocation();
  const state = session.data;

  if (session.isPending) {
    return (
      <div className="gate-main">
        <Skeleton />
      </div>
    );
  }
  if (session.error) {
    return (
      <Gate>
        <ErrorState error={problemOf(session.error)} retry={() => void session.refetch()} />
      </Gate>
    );
  }
  if (!state?.signed_in) {
    const to = location.pathname + location.search;
    return <Navigate to={state?.set_up_needed ? "/set-up" : to === "/" ? "/sign-in" : `/sign-in?to=${encodeURIComponent(to)}`} replace />;
  }
  return <Shell />;
}

function Shell() {
  const session = useSessionQuery().data!;
  const organization = useOrganization();
  const today = useToday();
  const [searching, setSearching] = useState(false);
  const [menu, setMenu] = useState(false);
  useEvents(true);

  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
      event.preventDefault();
      setSearching((open) => !open);
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);

  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <Sidebar session={session} />
      <div className="stage">
        <header className="topbar">
          <button type="button" className="icon-button menu-button" aria-label="Menu" onClick={() => setMenu(true)}>
            <Icon name="menu" />
          </button>
          <p className="topbar-org">{organization.data?.name}</p>
          <div className="topbar-right">
            <button type="button" className="search-button" aria-keyshortcuts={isMac ? "Meta+K" : "Control+K"} onClick={() => setSearching(true)}>
              <Icon name="search" size={18} />
              <span>Search</span>
              <kbd aria-hidden="true">{isMac ? "⌘K" : "Ctrl K"}</kbd>
            </button>
          </div>
        </header>
        {session.demo && <DemoBanner />}
        <JobBar known={today.data?.running_job ?? null} />
        <main id="main" className="main" tabIndex={-1}>
          <Suspense fallback={<Skeleton lines={10} />}>
            <Outlet />
          </Suspense>
        </main>
      </div>
      <Toasts />
      <ScrollRestoration />
      <Suspense>
        {searching && <Palette session={session} onClose={() => setSearching(false)} />}
        {menu && <Drawer session={session} onClose={() => setMenu(false)} />}
      </Suspense>
    </div>
  );
}
