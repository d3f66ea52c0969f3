// Opens every page in a headless browser, in light and dark, wide and narrow;
// takes a screenshot of each; and lets axe-core judge it. Fails on a serious or
// critical violation, an error in the console, or a breach of the content
// security policy.
//
//   node scripts/shots.mjs [--only substring] [--out folder] [--no-axe]
//
// It needs the built pages and an API: the development server, or ASEPSIS_API;
// or the whole program: ASEPSIS_ENTER is the link that `asepsis demo` prints.
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { judge, launch, watch } from "./browser.mjs";
import { serve } from "./serve.mjs";

const argument = (name) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
};
const only = argument("--only") ?? "";
const out = argument("--out") ?? join(tmpdir(), "asepsis-shots");
const judged = !process.argv.includes("--no-axe");
await mkdir(out, { recursive: true });

// Either the whole program, entered by the link that it prints, or the built
// pages in front of an API that signs everybody in.
const enter = process.env.ASEPSIS_ENTER;
const local = enter ? undefined : await serve(process.env.ASEPSIS_API ?? "http://127.0.0.1:7300");
const url = enter ? new URL(enter).origin : local.url;
const browser = await launch();
const first = await browser.newPage();
await first.goto(enter ?? url);
await first.waitForSelector("h1");
const get = (path) => first.evaluate(async (address) => (await fetch(address)).json(), `/api/v1${path}`);

const goals = (await get("/goals")).items;
const goal = goals.find((one) => one.id === "mfa") ?? goals[0];
const checks = (await get(`/goals/${goal.id}`)).checks;
const check = checks.find((one) => one.tally.fail > 0) ?? checks[0];
const result = (await get(`/checks/${check.id}/results?limit=1`)).items[0];
const asset = (await get("/resources/asset?limit=1")).items[0];
const person = (await get("/resources/person?limit=1")).items[0];
const imported = (await get("/imports?limit=1")).items[0];

const model = (await get("/devices/models")).items[0];
const group = (await get("/vulnerabilities")).groups[0];

const encode = encodeURIComponent;
const pages = {
  today: "/",
  goals: "/goals",
  goal: `/goals/${goal.id}`,
  check: `/goals/${goal.id}/checks/${check.id}`,
  result: `/goals/${goal.id}/checks/${check.id}/results/${encode(result.resource)}`,
  assets: "/assets",
  asset: `/assets/${encode(asset.id)}`,
  software: `/assets/${encode(asset.id)}/software`,
  history: `/assets/${encode(asset.id)}/history`,
  questions: "/assets-questions",
  vulnerabilities: "/vulnerabilities",
  flaw: `/vulnerabilities/${encode(group?.flaws[0] ?? "CVE-2024-3094")}`,
  decisions: "/vulnerabilities/decisions",
  devices: "/devices",
  ...(model ? { model: `/devices/${encode(model.id)}` } : {}),
  feeds: "/feeds",
  discovery: "/discovery",
  people: "/people",
  person: `/people/${encode(person.id)}`,
  vendors: "/vendors",
  accounts: "/accounts",
  imports: "/imports",
  import: `/imports/${imported.id}`,
  report: "/report",
  users: "/settings/users",
  parameters: "/settings/parameters",
  tokens: "/settings/tokens",
  organization: "/settings/organization",
  ledger: "/settings/ledger",
  you: "/settings/you",
  audit: "/audit",
  notfound: "/no-such-page",
};

let faults = 0;
for (const [name, path] of Object.entries(pages)) {
  if (!name.includes(only)) continue;
  for (const scheme of ["light", "dark"]) {
    for (const width of [1440, 390]) {
      const page = await browser.newPage();
      const said = watch(page);
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
      await page.goto(url + path);
      await page.waitForSelector("h1");
      await page.waitForFunction(() => !document.querySelector(".skeleton"));
      await page.waitForTimeout(200);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0) said.push(`the page is ${wide} px wider than the screen`);
      await page.screenshot({ path: join(out, `${name}-${scheme}-${width}.png`), fullPage: true });
      if (judged) said.push(...(await judge(page, `${name} ${scheme} ${width}`)));
      faults += said.length;
      console.log(`${said.length === 0 ? "ok  " : "BAD "} ${name} ${scheme} ${width}`);
      for (const line of said) console.log(`  ${line}`);
      await page.close();
    }
  }
}
await browser.close();
local?.server.close();
console.log(faults === 0 ? "No fault." : `${faults} faults.`);
process.exit(faults === 0 ? 0 : 1);
