// The headless browser that the scripts share, with what every page is judged by.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";

export async function launch() {
  const profile = await mkdtemp(join(tmpdir(), "asepsis-browser-"));
  return chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    acceptDownloads: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** watch collects what a page complains of: errors, and breaches of its policy. */
export function watch(page) {
  const said = [];
  page.on("console", (message) => message.type() === "error" && said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  return said;
}

/** judge returns the grave faults that axe-core finds, and prints the others. */
export async function judge(page, name) {
  // The report is a document of its own, made and judged elsewhere.
  const { violations } = await new AxeBuilder({ page }).exclude("iframe").analyze();
  const grave = [];
  for (const one of violations) {
    const where = one.nodes.slice(0, 3).map((node) => `${node.target.join(" ")}: ${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? ""}`);
    if (one.impact === "serious" || one.impact === "critical") grave.push(`${one.impact} ${one.id}: ${one.help}\n    ${where.join("\n    ")}`);
    else console.log(`  ${name}: ${one.impact} ${one.id} ${where[0]}`);
  }
  return grave;
}
