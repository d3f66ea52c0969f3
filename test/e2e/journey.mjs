// Walks through the real program as a hospital does on its first day: the
// set-up link, an administrator with a second factor, Today, the files it has,
// a goal down to one result, the report, and the settings. Every stop is
// photographed wide and narrow, light and dark, and judged by axe-core.
//
//   node journey.mjs SETUP_LINK FOLDER
import { createHmac } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { judge, launch, watch } from "../../ui/scripts/browser.mjs";

const [link, out] = process.argv.slice(2);
const url = new URL(link).origin;
await mkdir(out, { recursive: true });
const browser = await launch();
const page = await browser.newPage();
const said = watch(page);
page.setDefaultTimeout(60_000);

const wide = { width: 1440, height: 900 };
const narrow = { width: 390, height: 844 };
await page.setViewportSize(wide);

function totp(secret, at = Date.now()) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  let bits = "";
  for (const letter of secret.replaceAll(/[ =]/g, "").toUpperCase()) bits += alphabet.indexOf(letter).toString(2).padStart(5, "0");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const hash = createHmac("sha1", key).update(counter).digest();
  const from = hash.at(-1) & 15;
  return String((hash.readUInt32BE(from) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

function expect(right, what) {
  if (!right) said.push(`not so: ${what}`);
}

/** settled waits until nothing is loading any more. */
async function settled() {
  await page.locator("h1").first().waitFor();
  await page.waitForFunction(() => !document.querySelector(".skeleton"));
  await page.evaluate(() => document.fonts.ready);
}

// Colors and widths are judged together: each of both is judged once.
const looks = [
  { scheme: "light", size: wide, judged: true },
  { scheme: "dark", size: wide },
  { scheme: "light", size: narrow },
  { scheme: "dark", size: narrow, judged: true },
];

let stops = 0;
async function stop(name) {
  const number = String(++stops).padStart(2, "0");
  for (const { scheme, size, judged } of looks) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await page.setViewportSize(size);
    await settled();
    await page.waitForTimeout(100);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(over <= 0, `${name} ${scheme} ${size.width}: the page is ${over} px wider than the screen`);
    await page.screenshot({ path: join(out, `${number}-${name}-${scheme}-${size.width}.png`), fullPage: true });
    if (judged) said.push(...(await judge(page, `${name} ${scheme} ${size.width}`)).map((fault) => `${name} ${scheme} ${size.width}: ${fault}`));
  }
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  await page.setViewportSize(wide);
  console.log(`${number} ${name}`);
}

async function bring(name, text) {
  await page.locator("input[type=file]").setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(text) });
  const file = page.locator(".file").last();
  const go = file.getByRole("button", { name: "Import", exact: true });
  await go.waitFor();
  return { file, go };
}

async function stored({ file, go }) {
  await go.click();
  await file.locator(".notice[data-tone=good]").waitFor();
}

/** api asks the server as the page itself would. */
const api = (path) => page.evaluate(async (path) => (await fetch(`/api/v1${path}`)).json(), path);

async function idle() {
  for (let i = 0; i < 600; i++) {
    if (!(await api("/today")).running_job) return;
    await page.waitForTimeout(200);
  }
  throw new Error("the assessment does not end");
}

try {
  // The first run.
  await page.goto(link);
  await page.getByRole("radio", { name: /Critical access/ }).waitFor();
  expect(!page.url().includes("#"), "the secret has left the address");
  await page.getByRole("searchbox", { name: /Look up your hospital/ }).fill("memorial");
  await page.locator(".setup-found button").first().waitFor();
  await stop("setup-lookup");
  await page.getByRole("searchbox", { name: /Look up your hospital/ }).fill("");
  await page.getByRole("radio", { name: /Critical access/ }).check({ force: true });
  await page.getByLabel("Name", { exact: true }).fill("Prairie General Hospital");
  await stop("setup-organization");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Dana Osei");
  await page.getByRole("textbox", { name: "E-mail" }).fill("d.osei@prairie.example");
  await page.getByLabel("Password", { exact: true }).fill("copper lantern walrus spoon");
  await stop("setup-person");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.locator(".qr").waitFor();
  const secret = await page.locator(".secret code").textContent();
  await stop("setup-factor");
  await page.getByLabel("Code that the app shows").fill(totp(secret));
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.getByLabel("I have put them somewhere safe").waitFor();
  await stop("setup-recovery");
  await page.getByLabel("I have put them somewhere safe").check();
  await page.getByRole("button", { name: "Go to Today" }).click();
  await page.waitForURL(`${url}/`);
  await page.locator(".level-word").waitFor();
  await idle();
  await stop("today-first");

  // What the hospital has.
  await page.goto(`${url}/imports`);
  const people = await bring(
    "roster.csv",
    "Employee ID,Name,Email,Job Title,Hire Date,Termination Date\n" +
      "1001,Ann Lee,a.lee@prairie.example,RN,2020-01-06,\n1002,Bo Chan,b.chan@prairie.example,Registrar,2021-05-03,2026-01-30\n" +
      "1003,Cy Diaz,c.diaz@prairie.example,IT lead,2019-02-01,\n",
  );
  await stop("import-preview");
  await stored(people);
  const accounts = await bring(
    "accounts.csv",
    "Account,Email,Enabled,Administrator,MFA,MFA methods,Last sign-in\n" +
      "alee,a.lee@prairie.example,yes,no,yes,authenticator app,2026-11-20\nbchan,b.chan@prairie.example,yes,no,no,,2026-11-02\n" +
      "cdiaz-adm,c.diaz@prairie.example,yes,yes,yes,FIDO2 key,2026-11-23\n",
  );
  await stop("import-accounts");
  await stored(accounts);
  const bad = page.locator("input[type=file]");
  await bad.setInputFiles({
    name: "bad.csv",
    mimeType: "text/csv",
    buffer: Buffer.from("Employee ID,Name,Hire Date\n1,Ann Lee,soon\n2,Bo Chan,2026-02-01\n"),
  });
  await page.locator(".file").last().getByText("Hire Date").first().waitFor();
  await stop("import-refused");
  await idle();
  await page.goto(`${url}/imports`);
  await settled();
  const imports = (await api("/imports")).items;
  expect(imports.length === 2, `two files are in the history, not ${imports.length}`);
  await page.goto(`${url}/imports/${imports[0].id}`);
  await stop("import-detail");

  // Today, then a goal down to one result.
  await page.goto(url);
  await page.locator(".level-word").waitFor();
  await stop("today");
  const today = await api("/today");
  expect(today.organization.name === "Prairie General Hospital", "the organization has its name");
  expect(today.goals.length === 20, "there are twenty goals");
  expect(today.goals_measured > 0, "a goal is measured");
  await page.getByRole("link", { name: "Goals", exact: true }).first().click();
  await page.waitForURL(/\/goals$/);
  await stop("goals");
  await page.getByRole("link", { name: /Multifactor Authentication/ }).first().click();
  await page.waitForURL(/\/goals\/mfa$/);
  await stop("goal");
  const checks = (await api("/goals/mfa")).checks;
  const check = checks.find((one) => one.tally.fail > 0) ?? checks.find((one) => one.tally.pass > 0) ?? checks[0];
  expect(check.tally.pass + check.tally.fail > 0, "a check of the goal is decided by the files");
  await page.goto(`${url}/goals/mfa/checks/${check.id}`);
  await stop("check");
  const result = (await api(`/checks/${check.id}/results?limit=1`)).items[0];
  await page.locator(`a[href*="/checks/${check.id}/results/"]`).first().click();
  await page.waitForURL(/\/results\//);
  expect(result !== undefined, "the check has a result");
  await stop("result");

  // What is known.
  for (const name of ["assets", "people", "accounts", "vendors"]) {
    await page.goto(`${url}/${name}`);
    await stop(name);
  }
  const person = (await api("/resources/person?limit=1")).items[0];
  await page.goto(`${url}/people/${encodeURIComponent(person.id)}`);
  await stop("person");
  const asset = (await api("/resources/asset?limit=1")).items[0];
  await page.goto(`${url}/assets/${encodeURIComponent(asset.id)}`);
  await stop("asset");

  // What to mend: before a feed is brought, nothing is called clean.
  await page.goto(`${url}/vulnerabilities`);
  await page.getByText("No advisories are in force.").first().waitFor();
  await stop("vulnerabilities");
  await page.getByRole("textbox", { name: "Are we affected?" }).fill("See CVE-2024-3094, please");
  await page.getByRole("button", { name: "Ask" }).click();
  await page.waitForURL(/\/vulnerabilities\/CVE-2024-3094$/);
  await page.getByText("Not assessed").first().waitFor();
  await stop("flaw");
  for (const name of ["devices", "feeds", "assets-questions"]) {
    await page.goto(`${url}/${name}`);
    await stop(name);
  }

  // What people know of a device wins over what files say.
  await page.goto(`${url}/assets/${encodeURIComponent(asset.id)}`);
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Value").fill("Biomedical engineering");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("1 device changed.").waitFor();
  await idle();
  const owner = (await api(`/resources/asset/${encodeURIComponent(asset.id)}`)).attributes.find((one) => one.name === "owner");
  expect(owner?.value === "Biomedical engineering", `the owner is ${owner?.value}`);
  await page.goto(`${url}/assets/${encodeURIComponent(asset.id)}/history`);
  await stop("history");
  await page.goto(`${url}/assets/${encodeURIComponent(asset.id)}/software`);
  await stop("software");

  // A network is searched only once somebody permits it.
  await page.goto(`${url}/discovery`);
  await page.getByRole("button", { name: "Permit a network" }).click();
  await page.getByLabel("Name", { exact: true }).fill("this machine");
  await page.getByLabel("Addresses", { exact: true }).fill("127.0.0.1/32");
  await page.getByLabel("Who permitted it").fill("Dana Osei, for the test");
  await page.getByRole("button", { name: "Permit", exact: true }).click();
  await page.getByText("this machine may be searched.").waitFor();
  await page.getByRole("button", { name: "Search this machine" }).click();
  await page.getByRole("button", { name: "Begin the search" }).click();
  for (let i = 0; i < 300; i++) {
    const runs = (await api("/discovery/runs")).items;
    if (runs.length > 0 && runs[0].state !== "running") break;
    await page.waitForTimeout(200);
  }
  const run = (await api("/discovery/runs")).items[0];
  expect(run?.state === "done" && run.found === 1, `the search is ${run?.state} and found ${run?.found} ${run?.error ?? ""}`);
  await idle();
  await page.goto(`${url}/discovery`);
  await stop("discovery");

  // The report and the settings.
  await page.goto(`${url}/report`);
  await page.frameLocator(".report-frame").locator("h1").first().waitFor();
  await stop("report");
  for (const name of ["you", "users", "parameters", "tokens", "organization", "ledger"]) {
    await page.goto(`${url}/settings/${name}`);
    await settled();
    if (name === "ledger") {
      await page.getByRole("button", { name: "Check the record" }).click();
      await page.getByText("The record is whole").first().waitFor();
    }
    await stop(name);
  }
  await page.goto(`${url}/audit`);
  await stop("audit");
  await page.goto(`${url}/no-such-page`);
  await stop("notfound");

  // Search by keyboard.
  await page.goto(url);
  await settled();
  await page.keyboard.press("Control+k");
  await page.locator(".palette-field input").waitFor();
  await page.keyboard.type("chan");
  await page.getByText("Bo Chan").first().waitFor();
  await stop("search");
  await page.keyboard.press("Escape");

  // The report is a document of its own, in which no script runs: it is read
  // as one, judged and printed.
  const report = await page.evaluate(async () => (await fetch("/api/v1/report")).text());
  const alone = await browser.newPage();
  await alone.setContent(report);
  await alone.locator("h1").first().waitFor();
  for (const { scheme, size, judged } of looks) {
    await alone.emulateMedia({ colorScheme: scheme });
    await alone.setViewportSize(size);
    await alone.screenshot({ path: join(out, `report-alone-${scheme}-${size.width}.png`), fullPage: true });
    if (judged) said.push(...(await judge(alone, `report ${scheme} ${size.width}`)).map((fault) => `report ${scheme} ${size.width}: ${fault}`));
  }
  await alone.pdf({ path: join(out, "report.pdf"), format: "Letter", printBackground: true });
  const over = await alone.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (over > 0) console.log(`  report: ${over} px wider than a phone`);
  await alone.close();

  // Out, and to the sign-in page.
  await page.goto(url);
  await settled();
  await page.getByRole("button", { name: "Sign out" }).first().click();
  await page.waitForURL(/sign-in/);
  await stop("sign-in");
  expect((await api("/session")).signed_in === false, "the session has ended");
} catch (error) {
  said.push(String(error.stack ?? error));
  await page.screenshot({ path: join(out, "where-it-stopped.png") }).catch(() => {});
}

await browser.close();
// A refusal is an answer of the server that the browser also writes to its console.
const faults = said.filter((line) => !/status of (401|409|422)/.test(line));
for (const line of faults) console.log(line);
console.log(faults.length === 0 ? "No fault." : `${faults.length} faults.`);
process.exit(faults.length === 0 ? 0 : 1);
