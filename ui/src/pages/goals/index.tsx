import { Link } from "react-router";
import { useGoals } from "@/api/queries";
import type { GoalTile } from "@/api/types";
import { useFilters } from "@/lib/filters";
import { plural } from "@/lib/format";
import { scoreWord, type State, stateWord } from "@/lib/words";
import { CoverageBar } from "@/ui/coverage";
import { Select } from "@/ui/field";
import { EmptyState, ErrorState, PageHead, Skeleton } from "@/ui/page";
import { StateBadge } from "@/ui/state";
import { type Column, DataTable } from "@/ui/table";

const columns: Column<GoalTile>[] = [
  {
    id: "title",
    header: "Goal",
    cell: (goal) => `${goal.number}. ${goal.title}`,
  },
  { id: "state", header: "State", cell: (goal) => <StateBadge state={goal.state} /> },
  {
    id: "coverage",
    header: "Coverage",
    cell: (goal) => <CoverageBar coverage={goal.coverage} one="result" nothing="Nothing to measure is known yet" />,
  },
  {
    id: "score",
    header: "Score where measured",
    sort: "score",
    end: true,
    cell: (goal) => <span className={goal.score === null ? "muted" : "num"}>{scoreWord(goal.score)}</span>,
  },
  { id: "tier", header: "Tier", cell: (goal) => (goal.tier === "essential" ? "Essential" : "Enhanced") },
];

/** sorted orders the goals by score; those without one come last either way. */
function sorted(goals: GoalTile[], sort: string): GoalTile[] {
  if (sort !== "score" && sort !== "-score") return goals;
  const turn = sort === "score" ? 1 : -1;
  return goals.toSorted((a, b) => {
    if (a.score === null || b.score === null) return Number(a.score === null) - Number(b.score === null);
    return turn * (a.score - b.score);
  });
}

export function Component() {
  const goals = useGoals();
  const { filters, set } = useFilters("state", "tier", "sort");
  const all = goals.data ?? [];
  const rows = sorted(
    all.filter((goal) => (!filters.state || goal.state === filters.state) && (!filters.tier || goal.tier === filters.tier)),
    filters.sort,
  );
  return (
    <div className="page">
      <PageHead
        title="Goals"
        lead="The twenty cybersecurity performance goals for health care. Each is decided by checks on what was measured, and is met only where enough was measured, recently enough."
      />
      {goals.error && <ErrorState error={goals.error} retry={() => void goals.refetch()} />}
      <section className="panel" data-flush aria-label="All goals">
        <div className="toolbar">
          <Select label="State" value={filters.state} onChange={(event) => set({ state: event.target.value })}>
            <option value="">All states</option>
            {(Object.keys(stateWord) as State[]).map((state) => (
              <option key={state} value={state}>
                {stateWord[state]} ({all.filter((goal) => goal.state === state).length})
              </option>
            ))}
          </Select>
          <Select label="Tier" value={filters.tier} onChange={(event) => set({ tier: event.target.value })}>
            <option value="">Both tiers</option>
            <option value="essential">Essential</option>
            <option value="enhanced">Enhanced</option>
          </Select>
          <p className="muted toolbar-count" role="status">
            {goals.data && plural(rows.length, "goal")}
          </p>
        </div>
        {goals.isPending && <Skeleton lines={10} />}
        {goals.data &&
          (rows.length > 0 ? (
            <DataTable caption="The twenty goals" columns={columns} rows={rows} rowKey={(goal) => goal.id} href={(goal) => `/goals/${goal.id}`} />
          ) : (
            <EmptyState title="No goal is in that state" action={<Link to="/goals">Show all goals</Link>} />
          ))}
      </section>
    </div>
  );
}
