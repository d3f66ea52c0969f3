import { type Coverage, coverageText, type Tally, tallyParts, tallyText } from "@/lib/coverage";

/**
 * CoverageBar shows how much of what is in scope was measured: solid for
 * measured, hatched for what is not. With a tally the solid part is told apart
 * by verdict. The text says the same, so the bar is hidden from assistive tools.
 */
export function CoverageBar(props: {
  coverage: Coverage;
  tally?: Tally;
  one?: string;
  many?: string;
  /** What to say where nothing is in scope. */
  nothing?: string;
}) {
  const { coverage, tally, one, many, nothing } = props;
  return (
    <div className="coverage">
      <svg className="bar" width="100%" height="8" aria-hidden="true">
        {tally ? <TallySegments tally={tally} /> : <Segments coverage={coverage} />}
      </svg>
      <p className="coverage-text num">{nothing && coverage.in_scope === 0 ? nothing : coverageText(coverage, one, many)}</p>
    </div>
  );
}

function Segments({ coverage }: { coverage: Coverage }) {
  const share = coverage.in_scope === 0 ? 0 : coverage.measured / coverage.in_scope;
  return (
    <>
      <rect className="seg-track" width="100%" height="8" />
      <rect className="seg-measured" width={`${share * 100}%`} height="8" />
    </>
  );
}

function TallySegments({ tally }: { tally: Tally }) {
  let at = 0;
  return (
    <>
      <rect className="seg-track" width="100%" height="8" />
      {tallyParts(tally).map((part) => {
        const x = at;
        at += part.share;
        return part.key === "not_measured" ? null : (
          <rect key={part.key} className={`seg-${part.key}`} x={`${x * 100}%`} width={`${part.share * 100}%`} height="8" />
        );
      })}
    </>
  );
}

/**
 * TallyLine is the bar of one check, or of one resource, with its counts in
 * words. Where nothing is in scope there is nothing to draw.
 */
export function TallyLine({ tally }: { tally: Tally }) {
  const scope = tally.pass + tally.fail + tally.not_measured + tally.error;
  return (
    <div className="coverage">
      {scope > 0 && (
        <svg className="bar" width="100%" height="8" aria-hidden="true">
          <TallySegments tally={tally} />
        </svg>
      )}
      <p className="coverage-text num">{tallyText(tally)}</p>
    </div>
  );
}
