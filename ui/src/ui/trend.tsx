import { type PointerEvent, useEffect, useRef, useState } from "react";
import { day } from "@/lib/format";

export interface Series {
  label: string;
  kind: "line" | "area";
  values: (number | null)[];
}

interface Props {
  title: string;
  dates: string[];
  series: Series[];
  max: number;
  height?: number;
  unit: string;
}

const pad = { top: 10, right: 12, bottom: 26, left: 34 };

function useWidth() {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(640);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new ResizeObserver((entries) => setWidth(Math.max(240, entries[0]?.contentRect.width ?? 640)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, width] as const;
}

/**
 * Trend draws values over time as steps, because a state holds until the next
 * assessment. A moment without a value is a gap, never a zero. The same numbers
 * stand in a table below, for reading aloud and for copying.
 */
export function Trend({ title, dates, series, max, height = 190, unit }: Props) {
  const [box, width] = useWidth();
  const [at, setAt] = useState<number | null>(null);
  const last = dates.length - 1;
  const times = dates.map((date) => new Date(date).getTime());
  const start = times[0] ?? 0;
  const span = Math.max(1, (times[last] ?? 1) - start);
  const x = (index: number) => pad.left + ((times[index]! - start) / span) * (width - pad.left - pad.right);
  const y = (value: number) => pad.top + (1 - value / max) * (height - pad.top - pad.bottom);

  function point(event: PointerEvent<SVGSVGElement>) {
    const here = event.clientX - event.currentTarget.getBoundingClientRect().left;
    let nearest = 0;
    dates.forEach((_, index) => {
      if (Math.abs(x(index) - here) < Math.abs(x(nearest) - here)) nearest = index;
    });
    setAt(nearest);
  }

  const shown = at ?? last;
  const ticks = [0, max / 4, max / 2, (max * 3) / 4, max];
  const labels = labelIndexes(times, Math.max(2, Math.floor(width / 130))).filter(
    // Several assessments of one day would repeat its date along the axis.
    (index, order, all) => order === 0 || day(dates[index]!) !== day(dates[all[order - 1]!]!),
  );
  return (
    <figure className="trend" ref={box}>
      <figcaption className="trend-legend">
        <span className="trend-date num">{dates[shown] ? day(dates[shown]) : ""}</span>
        {series.map((one) => (
          <span key={one.label} className="trend-key" data-kind={one.kind}>
            <svg width="18" height="10" viewBox="0 0 18 10" aria-hidden="true">
              {one.kind === "area" ? <rect className="trend-area" width="18" height="10" /> : <path className="trend-line" d="M0 5h18" />}
            </svg>
            {one.label}
            <strong className="num">{one.values[shown] ?? "–"}</strong>
          </span>
        ))}
      </figcaption>
      <svg
        width={width}
        height={height}
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={`${title}. The numbers are in the table below.`}
        onPointerMove={point}
        onPointerLeave={() => setAt(null)}
      >
        {ticks.map((tick) => (
          <g key={tick} className="trend-grid">
            <line x1={pad.left} x2={width - pad.right} y1={y(tick)} y2={y(tick)} />
            <text x={pad.left - 8} y={y(tick)} dy="0.32em" textAnchor="end">
              {tick}
            </text>
          </g>
        ))}
        {labels.map((index, order) => (
          <text
            key={index}
            className="trend-tick"
            x={x(index)}
            y={height - 6}
            textAnchor={order === 0 ? "start" : index === last ? "end" : "middle"}
          >
            {day(dates[index]!)}
          </text>
        ))}
        {series.map((one) =>
          one.kind === "area" ? (
            <path key={one.label} className="trend-area" d={area(one.values, x, y)} />
          ) : (
            <path key={one.label} className="trend-line" d={steps(one.values, x, y)} />
          ),
        )}
        {at !== null && <line className="trend-cursor" x1={x(at)} x2={x(at)} y1={pad.top} y2={height - pad.bottom} />}
        {series.map((one) => {
          const value = one.values[shown];
          return one.kind === "line" && value != null ? <circle key={one.label} className="trend-dot" cx={x(shown)} cy={y(value)} r="4" /> : null;
        })}
      </svg>
      <details className="trend-table">
        <summary>Show as a table</summary>
        <div className="table-wrap" tabIndex={0} role="region" aria-label={`${title}, table`}>
          <table className="table" data-plain>
            <caption className="visually-hidden">{title}</caption>
            <thead>
              <tr>
                <th scope="col">Date</th>
                {series.map((one) => (
                  <th key={one.label} scope="col" data-end>
                    {one.label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {dates.map((date, index) => (
                <tr key={date}>
                  <th scope="row">{day(date)}</th>
                  {series.map((one) => (
                    <td key={one.label} data-end className="num">
                      {one.values[index] == null ? "not measured" : `${one.values[index]} ${unit}`}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}

function labelIndexes(times: number[], most: number): number[] {
  const last = times.length - 1;
  if (last <= 0) return last === 0 ? [0] : [];
  const start = times[0]!;
  const step = (times[last]! - start) / (most - 1);
  const picked: number[] = [];
  for (let tick = 0; tick < most; tick++) {
    const want = start + tick * step;
    let nearest = 0;
    times.forEach((time, index) => {
      if (Math.abs(time - want) < Math.abs(times[nearest]! - want)) nearest = index;
    });
    const before = picked.at(-1);
    if (before === undefined || times[nearest]! - times[before]! > step * 0.7) picked.push(nearest);
  }
  return picked;
}

type Scale = (n: number) => number;

function steps(values: (number | null)[], x: Scale, y: Scale): string {
  let path = "";
  let open = false;
  values.forEach((value, index) => {
    if (value === null) {
      open = false;
      return;
    }
    path += open ? `H${x(index)}V${y(value)}` : `M${x(index)} ${y(value)}`;
    open = true;
  });
  return path;
}

function area(values: (number | null)[], x: Scale, y: Scale): string {
  let path = "";
  let began = -1;
  values.forEach((value, index) => {
    if (value !== null && began < 0) {
      began = index;
      path += `M${x(index)} ${y(0)}V${y(value)}`;
    } else if (value !== null) path += `H${x(index)}V${y(value)}`;
    const ends = began >= 0 && (index === values.length - 1 || values[index + 1] === null);
    if (ends) {
      path += `V${y(0)}Z`;
      began = -1;
    }
  });
  return path;
}
