import { Link, useRouteError } from "react-router";
import { ErrorState, PageHead } from "@/ui/page";

/** NotFound says that there is no such page, and where to go. */
export function Component() {
  return (
    <div className="page">
      <PageHead title="There is no such page" lead="The address may be old, or something in it was mistyped." />
      <p>
        <Link className="button" data-primary to="/">
          Go to Today
        </Link>
      </p>
    </div>
  );
}

/** Crashed stands in for a page that failed, so that the others can still be reached. */
export function Crashed() {
  const error = useRouteError();
  return (
    <div className="page">
      <PageHead title="This page failed" lead="Nothing you saved is lost." />
      <ErrorState error={error} retry={() => window.location.reload()} />
    </div>
  );
}
