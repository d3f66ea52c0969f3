import { type ReactNode, useEffect, useRef } from "react";
import { Link, useLocation } from "react-router";
import { Icon } from "./icons";

export interface Crumb {
  to: string;
  label: string;
}

// The first page of a visit keeps the focus where the browser put it.
let visited = false;

/**
 * PageHead opens every page: where one is, the heading, and what can be done.
 * After a navigation the heading takes the focus, so that a screen reader says
 * where one has landed and the keyboard goes on from there.
 */
export function PageHead(props: { title: string; crumbs?: Crumb[]; lead?: ReactNode; actions?: ReactNode; badge?: ReactNode }) {
  const { title, crumbs = [], lead, actions, badge } = props;
  const heading = useRef<HTMLHeadingElement>(null);
  const { pathname } = useLocation();
  useEffect(() => {
    if (visited) heading.current?.focus({ preventScroll: true });
    visited = true;
  }, [pathname]);
  return (
    <header className="page-head">
      <title>{`${title} – Asepsis`}</title>
      {crumbs.length > 0 && (
        <nav className="crumbs" aria-label="Breadcrumbs">
          <ol>
            {crumbs.map((crumb, at) => (
              <li key={crumb.to}>
                {at > 0 && <Icon name="next" size={12} />}
                <Link to={crumb.to}>{crumb.label}</Link>
              </li>
            ))}
          </ol>
        </nav>
      )}
      <div className="page-title">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {badge}
        {actions && <div className="actions">{actions}</div>}
      </div>
      {lead && <div className="lead">{lead}</div>}
    </header>
  );
}

/** Panel is one titled part of a page. */
export function Panel(props: { title: string; note?: ReactNode; actions?: ReactNode; id?: string; flush?: boolean; children: ReactNode }) {
  const { title, note, actions, id, flush = false, children } = props;
  return (
    <section className="panel" data-flush={flush || undefined} aria-label={title} id={id}>
      <div className="panel-head">
        <h2>{title}</h2>
        {note && <p className="muted small">{note}</p>}
        {actions && <div className="actions">{actions}</div>}
      </div>
      {children}
    </section>
  );
}

/** EmptyState says why there is nothing here and what to bring. */
export function EmptyState(props: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="empty">
      <svg width="72" height="40" viewBox="0 0 72 40" aria-hidden="true" className="empty-art">
        <rect x="1" y="1" width="70" height="38" rx="6" />
        <path d="M10 14h34M10 20h26M10 26h30" />
        <circle cx="58" cy="20" r="6" />
      </svg>
      <p className="empty-title">{props.title}</p>
      {props.children && <div className="empty-text">{props.children}</div>}
      {props.action && <div className="empty-action">{props.action}</div>}
    </div>
  );
}

/** ErrorState says what went wrong and what to do about it. */
export function ErrorState({ error, retry }: { error: unknown; retry?: () => void }) {
  const problem = error as { detail?: string; hint?: string; message?: string };
  return (
    <div className="notice" data-tone="bad" role="alert">
      <Icon name="warn" />
      <div>
        <p>
          <strong>{problem?.detail ?? problem?.message ?? "Something went wrong."}</strong>
        </p>
        {problem?.hint && <p>{problem.hint}</p>}
        {retry && (
          <p>
            <button type="button" className="button" onClick={retry}>
              Try again
            </button>
          </p>
        )}
      </div>
    </div>
  );
}

/** Notice is a remark that stays on the page. */
export function Notice({ tone = "info", children }: { tone?: "info" | "warn" | "bad" | "good"; children: ReactNode }) {
  return (
    <div className="notice" data-tone={tone}>
      <Icon name={tone === "info" ? "info" : tone === "good" ? "check" : "warn"} />
      <div>{children}</div>
    </div>
  );
}

/** Skeleton holds the place of what is being read, so that nothing jumps. */
export function Skeleton({ lines = 6 }: { lines?: number }) {
  return (
    <div className="skeleton" aria-busy="true">
      <span className="visually-hidden">Loading</span>
      {Array.from({ length: lines }, (_, at) => (
        <span key={at} className="skeleton-line" aria-hidden="true" />
      ))}
    </div>
  );
}

/** Facts is a list of names with their values. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className="facts">{children}</dl>;
}

export function FactRow({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
