/**
 * The icons of the pages: strokes on a 20 by 20 grid, drawn in the color of the
 * text beside them. An icon never stands alone for a meaning; its word follows.
 */
const paths = {
  today: "M3 8.5 10 3l7 5.5V16a1 1 0 0 1-1 1h-3.5v-5h-5v5H4a1 1 0 0 1-1-1z",
  goals: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14Zm0-3.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Z",
  assets: "M3 4.5h14v8.5H3zM7 16.5h6M10 13v3.5",
  people: "M7.5 9a2.75 2.75 0 1 0 0-5.5 2.75 2.75 0 0 0 0 5.5ZM2.5 16.5c0-3 2.2-5 5-5s5 2 5 5M13 3.8a2.75 2.75 0 0 1 0 5M14.5 12c1.8.7 3 2.3 3 4.5",
  vendors: "M3 8h14M4 8l1.2-4h9.6L16 8M4 8v8.5h12V8M8 16.5V12h4v4.5",
  accounts: "M7 11.5a3.75 3.75 0 1 1 3.5-2.4l6 6V17.5h-2.8v-2h-2v-2H9.7L8.5 12.3",
  imports: "M10 3v9M6.5 8.5 10 12l3.5-3.5M3.5 13v3.5h13V13",
  report: "M5 2.75h7l3.5 3.5v11H5zM12 2.75v3.5h3.5M7.75 10.5h4.5M7.75 13.5h4.5",
  vulnerabilities: "M10 2.5l6.5 2.5v5c0 4-2.8 6.4-6.5 7.5C6.300 16.4 3.500 14 3.500 10V5zM10 6.500v4M10 13v.3",
  devices: "M5 3h10v14H5zM8 6h4M8 13.500h4M8.500 9.500h1l.75-1.500 1 3 .75-1.500h1",
  feeds: "M4 15.500a.8.8 0 1 0 1.600 0 .8.8 0 0 0-1.600 0M4 10.500a6 6 0 0 1 5.500 5.800M4 5.500a11 11 0 0 1 10.500 10.800",
  discovery: "M10 17.500a7.500 7.500 0 1 0 0-15 7.500 7.500 0 0 0 0 15ZM10 13a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM10 10l5-5",
  settings: "M3 6h8M15 6h2M3 14h2M9 14h8M13 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM7 16a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  audit: "M4 4.5h1M4 10h1M4 15.5h1M8 4.5h8.5M8 10h8.5M8 15.5h8.5",
  search: "M8.75 14.5a5.75 5.75 0 1 0 0-11.5 5.75 5.75 0 0 0 0 11.5ZM13 13l4 4",
  menu: "M3 5.5h14M3 10h14M3 14.5h14",
  close: "M5 5l10 10M15 5 5 15",
  back: "M12 4.5 6.5 10l5.5 5.5",
  next: "M8 4.5 13.5 10 8 15.5",
  down: "M4.5 8 10 13.5 15.5 8",
  up: "M4.5 12 10 6.5l5.5 5.5",
  sort: "M6.5 8 10 4.5 13.5 8M6.5 12l3.5 3.5 3.5-3.5",
  sun: "M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM10 2v1.8M10 16.2V18M2 10h1.8M16.2 10H18M4.3 4.3l1.3 1.3M14.4 14.4l1.3 1.3M4.3 15.7l1.3-1.3M14.4 5.6l1.3-1.3",
  moon: "M16.5 12A7 7 0 0 1 8 3.5a7 7 0 1 0 8.5 8.5Z",
  auto: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM10 3v14M12.5 4v12M15 6v8",
  signOut: "M12 4V3H4v14h8v-1M8 10h9M14 7l3 3-3 3",
  print: "M6 7V3h8v4M6 14H3.5V7h13v7H14M6 11.5h8V17H6z",
  download: "M10 3v9M6.5 8.5 10 12l3.5-3.5M4 16.5h12",
  file: "M5 2.75h7l3.5 3.5v11H5zM12 2.75v3.5h3.5",
  play: "M6 4v12l10-6z",
  plus: "M10 4v12M4 10h12",
  copy: "M7 7h9.5v9.5H7zM13 7V3.5H3.5V13H7",
  warn: "M10 3 18 16.5H2zM10 8v4M10 14.2v.3",
  info: "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15ZM10 9.2v4.5M10 6.2v.3",
  check: "M4.5 10.5 8.5 14.5 15.5 6",
  better: "M10 16V5M5.5 9 10 4.5 14.5 9",
  worse: "M10 4v11M5.5 11l4.5 4.5 4.5-4.5",
  new: "M10 4v12M4 10h12",
  gone: "M4 10h12",
  fix: "M12.5 3.2a4 4 0 0 0-4.7 5.5L3.2 13.3a1.8 1.8 0 1 0 2.6 2.6l4.6-4.6a4 4 0 0 0 5.4-4.8l-2.5 2.5-2.4-.6-.6-2.4z",
  clock: "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15ZM10 5.8V10l2.8 2",
  // States: the shape differs, so that the state reads without its color.
  met: "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15ZM6.5 10.3l2.5 2.5 4.5-5.3",
  partly_met: "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15Z",
  not_met: "M6.9 2.5h6.2l4.4 4.4v6.2l-4.4 4.4H6.9l-4.4-4.4V6.9zM7.3 7.3l5.4 5.4M12.7 7.3l-5.4 5.4",
  not_measured: "M7.8 7.6a2.3 2.3 0 1 1 3.3 2.1c-.7.3-1.1.8-1.1 1.5v.4M10 13.9v.2",
  not_applicable: "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15ZM6.5 10h7",
  error: "M10 3 18 16.5H2zM10 8v4M10 14.2v.3",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      {name === "partly_met" && <path className="icon-solid" d="M10 2.5a7.5 7.5 0 0 1 0 15z" />}
      {name === "not_measured" && <circle cx="10" cy="10" r="7.5" strokeDasharray="2.6 2.11" />}
      <path d={paths[name]} />
    </svg>
  );
}
