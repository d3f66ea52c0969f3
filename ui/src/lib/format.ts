/** Numbers, dates and values as people in a US hospital read them. */
const number = new Intl.NumberFormat("en-US");
const date = new Intl.DateTimeFormat("en-US", { dateStyle: "medium" });
const dateUTC = new Intl.DateTimeFormat("en-US", { dateStyle: "medium", timeZone: "UTC" });
const dateTime = new Intl.DateTimeFormat("en-US", { dateStyle: "medium", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat("en-US", { numeric: "auto" });

export function count(n: number): string {
  return number.format(n);
}

/** plural joins a number with its noun: plural(1, "host") → "1 host". */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** percent rounds down near the end, so that 99.6 % never reads as all. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return "–";
  const share = (part / whole) * 100;
  const rounded = share > 99 && share < 100 ? 99 : share > 0 && share < 1 ? 1 : Math.round(share);
  return `${rounded}%`;
}

/** day shows the day of a moment. A date without a time of day comes as midnight UTC and must not slip to the day before. */
export function day(at: string): string {
  return (midnight(at) ? dateUTC : date).format(new Date(at));
}

function midnight(at: string): boolean {
  return at.startsWith("00:00:00", 11);
}

export function moment(at: string): string {
  return dateTime.format(new Date(at));
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** ago tells a moment by its distance from now: "3 days ago", "in 2 hours". */
export function ago(at: string, now: Date = new Date()): string {
  const seconds = (new Date(at).getTime() - now.getTime()) / 1000;
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return "just now";
}

const isoDate = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}/;

/** value shows a value of the API: yes and no, dates as dates, lists joined. */
export function value(v: unknown): string {
  if (v === null || v === undefined || v === "") return "–";
  if (typeof v === "boolean") return v ? "Yes" : "No";
  if (typeof v === "number") return count(v);
  if (Array.isArray(v)) return v.length === 0 ? "none" : v.map(value).join(", ");
  if (typeof v === "string" && isoDate.test(v)) return midnight(v) ? day(v) : moment(v);
  return String(v);
}

export function bytes(n: number): string {
  const units = ["bytes", "kB", "MB", "GB"];
  let at = 0;
  while (n >= 1000 && at < units.length - 1) {
    n /= 1000;
    at++;
  }
  return `${at === 0 ? n : n.toFixed(n < 10 ? 1 : 0)} ${units[at]}`;
}
