// Walks through the pages as a person does: set-up with a second factor, the
// palette, the menu of a phone, a live assessment, an import with its mapping
// step, dialogs, sign-out and sign-in. Takes a screenshot at each stop and lets
// axe-core judge it.
//
//   SETUP_LINK=http://127.0.0.1:7302/set-up#… ASEPSIS_API=http://127.0.0.1:7302 node scripts/journey.mjs [folder]
import { createHmac } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { judge, launch, watch } from "./browser.mjs";
import { serve } from "./serve.mjs";

const out = process.argv[2] ?? join(tmpdir(), "asepsis-journey");
await mkdir(out, { recursive: true });
const link = new URL(process.env.SETUP_LINK).hash;
const { server, url } = await serve(process.env.ASEPSIS_API);
const browser = await launch();
const page = await browser.newPage();
const said = watch(page);
page.setDefaultTimeout(15_000);
await page.setViewportSize({ width: 1440, height: 900 });

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

let stops = 0;
async function stop(name) {
  await page.waitForTimeout(250);
  const number = String(++stops).padStart(2, "0");
  for (const [scheme, width] of [
    ["light", 1440],
    ["dark", 390],
  ]) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height: 900 });
    await page.waitForTimeout(200);
    await page.screenshot({ path: join(out, `${number}-${name}-${scheme}-${width}.png`), fullPage: false });
    said.push(...(await judge(page, `${name} ${scheme} ${width}`)));
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1440, height: 900 });
  console.log(`${number} ${name}`);
}

function expect(right, what) {
  if (!right) said.push(`not so: ${what}`);
}

// Set-up.
await page.goto(`${url}/set-up${link}`);
await page.getByLabel("Look up your hospital").first().waitFor();
expect(!page.url().includes("#"), "the secret has left the address");
await page.getByRole("searchbox", { name: /Look up your hospital/ }).fill("memorial");
await page.locator(".setup-found button").first().waitFor();
await stop("setup-lookup");
await page.locator(".setup-found button").first().click();
await stop("setup-organization");
await page.getByRole("button", { name: "Continue" }).click();
await page.getByLabel("Name", { exact: true }).fill("Dana Osei");
await page.getByRole("textbox", { name: "E-mail" }).fill("d.osei@cedarridge.example");
await page.getByLabel("Password", { exact: true }).fill("short");
await page.getByRole("button", { name: "Continue" }).click();
await stop("setup-person-refused");
await page.getByLabel("Password", { exact: true }).fill("copper lantern walrus spoon");
await stop("setup-person");
await page.getByRole("button", { name: "Continue" }).click();
await page.locator(".qr").waitFor();
const secret = await page.locator(".secret code").textContent();
await stop("setup-factor");
await page.getByLabel("Code that the app shows").fill(totp(secret));
await page.getByRole("button", { name: "Confirm" }).click();
await page.locator(".codes").waitFor();
const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Save as a file" }).click()]);
expect(saved.suggestedFilename() === "asepsis-recovery-codes.txt", "the recovery codes are saved as a file");
const recovery = await page.locator(".codes code").first().textContent();
await stop("setup-recovery");
await page.getByLabel("I have put them somewhere safe").check();
await page.getByRole("button", { name: "Go to Today" }).click();
await page.locator(".level-word").waitFor();
expect(await page.evaluate(() => document.activeElement?.tagName === "H1"), "the heading has the focus after a navigation");

// A live assessment.
const assess = page.getByRole("button", { name: "Assess now" });
if (await assess.isEnabled()) await assess.click();
await page.locator(".job").waitFor();
await stop("assessment-running");
await page.locator(".job").waitFor({ state: "detached", timeout: 60_000 });
await stop("assessment-done");

// The palette, by keyboard alone.
await page.keyboard.press("Control+k");
await page.locator(".palette-field input").waitFor();
await stop("palette");
await page.keyboard.type("multi");
await page.locator(".palette-item").first().waitFor();
await page.waitForTimeout(500);
await page.keyboard.press("ArrowDown");
await stop("palette-found");
await page.keyboard.press("Enter");
await page.waitForURL(/goals\//);

// A table, by keyboard.
await page.goto(`${url}/accounts`);
await page.locator("[data-row-link]").first().focus();
await page.keyboard.press("ArrowDown");
expect(await page.evaluate(() => document.activeElement === document.querySelectorAll("[data-row-link]")[1]), "the arrow goes to the next row");
await page.getByLabel("Search accounts").fill("a");
await page.waitForURL(/q=a/);
await page.getByRole("button", { name: "Next" }).click();
await page.waitForURL(/page=2/);
await stop("accounts-page-two");
await page.getByRole("button", { name: "Back" }).click();
await page.waitForURL((address) => !address.search.includes("page=2"));

// Imports: a preview, the mapping step, a refusal, and the import itself.
await page.goto(`${url}/imports`);
const choose = page.locator("input[type=file]");
await choose.setInputFiles({
  name: "roster.csv",
  mimeType: "text/csv",
  buffer: Buffer.from("Employee ID,Name,Email,Job Title\nE1,Ann Lee,a.lee@example.org,RN\n"),
});
await page.locator(".file .actions button").first().waitFor();
await stop("import-preview");
await choose.setInputFiles({
  name: "unsure.csv",
  mimeType: "text/csv",
  buffer: Buffer.from("Employee ID,Weird heading,Left\nE1,Ann Lee,2026-01-01\nE2,Bo Chan,2026-02-01\n"),
});
await page.waitForTimeout(800);
await page.locator(".file").last().scrollIntoViewIfNeeded();
await stop("import-mapping");
await choose.setInputFiles({
  name: "bad.csv",
  mimeType: "text/csv",
  buffer: Buffer.from("Left,Name\nbad,Ann Lee\n2026-02-01,Bo Chan\nbad,Cy Diaz\n"),
});
await page.waitForTimeout(800);
await page.locator(".file").last().scrollIntoViewIfNeeded();
await stop("import-refused");
await page.locator(".file").first().getByRole("button", { name: "Import", exact: true }).click();
await page.locator(".file .notice[data-tone=good]").first().waitFor();
await stop("import-done");

// Dialogs.
await page.goto(`${url}/settings/users`);
await page.getByRole("button", { name: "Invite" }).click();
await page.getByRole("dialog").waitFor();
await stop("invite");
await page.getByRole("dialog").getByLabel("Name").fill("Ruth Park");
await page.getByRole("dialog").getByLabel("E-mail").fill("r.park@cedarridge.example");
await page.getByRole("button", { name: "Make the link" }).click();
await page.getByRole("dialog").getByText("works once").waitFor();
await stop("invite-link");
await page.getByRole("button", { name: "I have sent it" }).click();
await page.goto(`${url}/settings/parameters`);
await page
  .getByRole("button", { name: /^Change/ })
  .nth(1)
  .click();
await page.getByRole("dialog").waitFor();
await page.getByRole("button", { name: "Save" }).click();
await stop("parameter");
await page.keyboard.press("Escape");
await page.getByRole("dialog").waitFor({ state: "detached" });
await page.goto(`${url}/settings/tokens`);
await page.getByRole("button", { name: "New token" }).click();
await page.getByRole("dialog").getByLabel("Name").fill("Nightly upload");
await page.getByRole("button", { name: "Make the token" }).click();
await page.getByRole("dialog").getByText("only this once").waitFor();
await stop("token");
await page.getByRole("button", { name: "I have copied it" }).click();
await page.goto(`${url}/settings/ledger`);
await page.getByRole("button", { name: "Check the record" }).click();
await page.locator(".notice").first().waitFor();
await stop("ledger-checked");

// The menu of a phone.
await page.setViewportSize({ width: 390, height: 844 });
await page.getByRole("button", { name: "Menu" }).click();
await page.locator(".drawer").waitFor();
await page.waitForTimeout(200);
await page.screenshot({ path: join(out, "drawer-light-390.png") });
said.push(...(await judge(page, "drawer")));
await page.locator(".drawer").getByRole("link", { name: "Goals" }).click();
await page.waitForURL(/goals/);
await page.locator(".drawer").waitFor({ state: "detached" });
await page.setViewportSize({ width: 1440, height: 900 });

// Paper.
await page.goto(`${url}/goals/mfa`);
await page.locator(".table").first().waitFor();
await page.pdf({ path: join(out, "goal.pdf"), format: "Letter" });

// Sign-out and in again, to where one was.
await page.getByRole("button", { name: "Sign out" }).click();
await page.waitForURL(/sign-in/);
await page.goto(`${url}/people?q=a`);
await page.waitForURL(/sign-in\?to=/);
await page.getByLabel("E-mail").fill("d.osei@cedarridge.example");
await page.getByLabel("Password").fill("wrong wrong wrong");
await page.getByLabel("Code").fill("000000");
await page.getByRole("button", { name: "Sign in" }).click();
await page.getByRole("alert").waitFor();
await stop("sign-in-refused");
await page.getByLabel("Password").fill("copper lantern walrus spoon");
await page.getByLabel("Code").fill(recovery);
await page.getByRole("button", { name: "Sign in" }).click();
await page.waitForURL(/people\?q=a/);

await browser.close();
server.close();
// A refusal is an answer of the server that the browser also writes to its console.
const faults = said.filter((line) => !/status of (401|409|422)/.test(line));
for (const line of faults) console.log(line);
console.log(faults.length === 0 ? "No fault." : `${faults.length} faults.`);
process.exit(faults.length === 0 ? 0 : 1);
