import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createBrowserRouter, RouterProvider } from "react-router";
import { ProblemError } from "./api/client";
import { sessionKey } from "./api/session";
import { Component as NotFound, Crashed } from "./pages/notfound";
import { Layout } from "./shell/layout";
import { Skeleton } from "./ui/page";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/components.css";
import "./styles/shell.css";
import "./styles/print.css";

// A session that ended shows the sign-in page, wherever one is.
function onError(error: unknown) {
  if (error instanceof ProblemError && error.status === 401) void client.invalidateQueries({ queryKey: sessionKey });
}

const client = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // A refusal stays a refusal; only a server that did not answer is asked again.
      retry: (failures, error) => failures < 2 && !(error instanceof ProblemError && error.status > 0),
    },
  },
});

/** page loads a page's own code when one first goes there. */
const page = (load: () => Promise<{ Component: React.ComponentType }>) => ({
  lazy: async () => ({ Component: (await load()).Component }),
  HydrateFallback: Skeleton,
  ErrorBoundary: Crashed,
});

const resources = (name: "Assets" | "People" | "Vendors" | "Accounts") =>
  page(async () => ({ Component: (await import("./pages/resources/list"))[name] }));
const resource = (name: "Asset" | "Person" | "Vendor" | "Account") =>
  page(async () => ({ Component: (await import("./pages/resources/detail"))[name] }));

const router = createBrowserRouter([
  { path: "/sign-in", ...page(() => import("./pages/signin")) },
  { path: "/set-up", ...page(() => import("./pages/setup")) },
  {
    element: <Layout />,
    ErrorBoundary: Crashed,
    children: [
      { index: true, ...page(() => import("./pages/today")) },
      { path: "goals", ...page(() => import("./pages/goals")) },
      { path: "goals/:goal", ...page(() => import("./pages/goals/goal")) },
      { path: "goals/:goal/checks/:check", ...page(() => import("./pages/goals/check")) },
      { path: "goals/:goal/checks/:check/results/:resource", ...page(() => import("./pages/goals/result")) },
      { path: "assets", ...resources("Assets") },
      { path: "assets/:id", ...resource("Asset") },
      { path: "people", ...resources("People") },
      { path: "people/:id", ...resource("Person") },
      { path: "vendors", ...resources("Vendors") },
      { path: "vendors/:id", ...resource("Vendor") },
      { path: "accounts", ...resources("Accounts") },
      { path: "accounts/:id", ...resource("Account") },
      { path: "resources/:kind", ...page(() => import("./pages/resources/list")) },
      { path: "resources/:kind/:id", ...page(() => import("./pages/resources/detail")) },
      { path: "assets/:id/software", ...page(() => import("./pages/assets/software")) },
      { path: "assets/:id/history", ...page(() => import("./pages/assets/history")) },
      { path: "assets-questions", ...page(() => import("./pages/assets/questions")) },
      { path: "vulnerabilities", ...page(() => import("./pages/vulnerabilities")) },
      { path: "vulnerabilities/decisions", ...page(() => import("./pages/vulnerabilities/decisions")) },
      { path: "vulnerabilities/:id", ...page(() => import("./pages/vulnerabilities/flaw")) },
      { path: "devices", ...page(() => import("./pages/devices")) },
      { path: "devices/:id", ...page(() => import("./pages/devices/model")) },
      { path: "feeds", ...page(() => import("./pages/feeds")) },
      { path: "discovery", ...page(() => import("./pages/discovery")) },
      { path: "imports", ...page(() => import("./pages/imports")) },
      { path: "imports/:id", ...page(() => import("./pages/imports/detail")) },
      { path: "report", ...page(() => import("./pages/report")) },
      {
        path: "settings",
        ...page(() => import("./pages/settings/layout")),
        children: [
          { index: true, ...page(async () => ({ Component: (await import("./pages/settings/layout")).Start })) },
          { path: "users", ...page(() => import("./pages/settings/users")) },
          { path: "parameters", ...page(() => import("./pages/settings/parameters")) },
          { path: "tokens", ...page(() => import("./pages/settings/tokens")) },
          { path: "organization", ...page(() => import("./pages/settings/organization")) },
          { path: "ledger", ...page(() => import("./pages/settings/ledger")) },
          { path: "you", ...page(() => import("./pages/settings/you")) },
        ],
      },
      { path: "audit", ...page(() => import("./pages/audit")) },
      { path: "*", Component: NotFound },
    ],
  },
]);

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
