// Says how much a browser fetches, compressed, and fails above the budget:
// 350 kB for the first load, 50 kB for a page after it.
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const budget = { first: 350_000, page: 50_000 };
const dist = new URL("../../internal/web/dist/", import.meta.url);
const manifest = JSON.parse(await readFile(new URL("manifest.json", dist), "utf8"));

const sizes = new Map();
async function size(file) {
  if (!sizes.has(file)) sizes.set(file, gzipSync(await readFile(new URL(file, dist)), { level: 6 }).length);
  return sizes.get(file);
}

/** Everything that comes with a chunk: its code, its styles, and what it imports. */
function closure(key, into = new Set()) {
  const chunk = manifest[key];
  if (into.has(chunk.file)) return into;
  into.add(chunk.file);
  for (const style of chunk.css ?? []) into.add(style);
  for (const needed of chunk.imports ?? []) closure(needed, into);
  return into;
}

async function total(files) {
  let sum = 0;
  for (const file of files) sum += await size(file);
  return sum;
}

const entryKey = Object.keys(manifest).find((key) => manifest[key].isEntry);
const entry = closure(entryKey);
for (const fixed of ["index.html", "theme.js", "favicon.svg"]) entry.add(fixed);
const kB = (n) => `${(n / 1000).toFixed(1)} kB`.padStart(9);

let failed = false;
function tell(name, bytes, limit) {
  const over = bytes > limit;
  failed ||= over;
  console.log(`${kB(bytes)}  ${name}${over ? `  above the budget of ${limit / 1000} kB` : ""}`);
}

const parts = [...new Set(Object.values(manifest).flatMap((chunk) => chunk.dynamicImports ?? []))];
const pages = parts.filter((key) => key.startsWith("src/pages/"));
const name = (key) => key.replace(/^src\/(pages\/)?/, "").replace(/(\/index)?\.tsx$/, "");

console.log("First load, by the page it begins with:");
for (const key of pages) tell(name(key), await total(closure(key, new Set(entry))), budget.first);
console.log("\nA page or part after it:");
for (const key of parts) tell(name(key), await total([...closure(key)].filter((file) => !entry.has(file))), budget.page);
process.exit(failed ? 1 : 0);
