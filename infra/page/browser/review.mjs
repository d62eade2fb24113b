// The operator's page in a real Chromium, by keyboard. Arguments: the address with its token, a folder for screenshots.
// Prints what it has seen, a line each, and last "all is well"; ends with an error otherwise.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [entry, pictures] = process.argv.slice(2);
const { MODULES, CHROMIUM, CHROMIUM_LIBRARIES, FONTCONFIG_FILE } = process.env;
const require = createRequire(join(MODULES, "/"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const origin = new URL(entry).origin;

const home = mkdtempSync(join(tmpdir(), "spillway-page-"));
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  env: { LD_LIBRARY_PATH: CHROMIUM_LIBRARIES, FONTCONFIG_FILE, HOME: home, PATH: process.env.PATH },
  args: [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});

try {
  await reviewing();
  await reading();
} finally {
  await browser.close();
  rmSync(home, { recursive: true, force: true });
}
console.log("all is well");

// A window of its own, which lets nothing pass that leaves this machine and forgives nothing that the browser complains about.
async function window_(options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints = [];
  const asked = new Set();
  context.on("request", (request) => {
    asked.add(request.url());
    if (!request.url().startsWith(`${origin}/`)) complaints.push(`asked ${request.url()}`);
  });
  page.on("console", (message) => {
    // A form that is refused on purpose is told of as a failed load.
    const refused = message.text().includes("status of 422");
    if (["error", "warning"].includes(message.type()) && !refused) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.setDefaultTimeout(60_000);
  return { context, page, complaints, asked };
}

async function reviewing() {
  const { context, page, complaints, asked } = await window_({ colorScheme: "light" });
  await context.addInitScript({ content: axe });
  await page.goto(entry);
  assert.equal(page.url(), `${origin}/`, "the token is out of the address");
  assert.equal(await page.evaluate(() => document.cookie), "", "no script reads the cookie");

  await heading(page, "Dead letters");
  await seen(page, "groups");
  // The first stop of the keyboard leads past what every page has.
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "Skip to the content");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  assert.ok((await focused(page)).startsWith("Groups of dead letters"), await focused(page));

  await follow(page, /^160 letters of group/);
  await heading(page, /^Group /);
  await seen(page, "group");
  await follow(page, /^Letter /);
  await heading(page, /^Letter /);
  const mark = page.locator("pre mark");
  assert.equal(await mark.count(), 1);
  assert.match(await mark.innerText(), /"sku": "SKU-1"/);
  await seen(page, "letter");

  // What is entered without a reason is refused, and the keyboard stands where it is said.
  await enter(page, "Discard this letter");
  await heading(page, /^Letter /);
  assert.match(await focused(page), /Nothing was done/);
  assert.match(await page.title(), /^Nothing was done/);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "discard-reason");
  await seen(page, "refused");
  await page.keyboard.type("a test order");
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "Discard this letter");
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
  await page.getByText("1 letter discarded").waitFor();
  await seen(page, "discarded");
  await follow(page, "To the archive");
  await follow(page, /^1 letter of orders-to-inventory/);
  await seen(page, "archive-part");
  await stand(page, /^a0001000-/);
  await page.keyboard.press("Space");
  await type(page, "Reason (needed)", "it was none");
  await enter(page, "Restore");
  await page.getByText("1 letter restored").waitFor();

  await follow(page, "Groups");
  await follow(page, /^160 letters of group/);
  await enter(page, "Plan a redrive of this group");
  await heading(page, /^Plan /);
  await page.getByText("160 would pass").waitFor();
  await seen(page, "plan");
  await type(page, "Reason (needed)", "the article is in stock now");
  await type(page, "Letters a second at most", "60");
  await type(page, "Seconds to wait after a step", "1");
  await enter(page, "Redrive");
  await heading(page, /^Redrive of plan/);
  await redriving(page);

  await follow(page, "Groups");
  await page.getByText("160 letters of 5 causes").waitFor();
  await follow(page, "New plan");
  await seen(page, "new-plan");
  await follow(page, "Plans");
  await seen(page, "plans");
  await follow(page, "Archive");
  await seen(page, "archive");
  await follow(page, "Audit");
  await page.getByText("Every record of these days is there").waitFor();
  assert.ok((await page.getByRole("row").filter({ hasText: "the article is in stock now" }).count()) >= 1);
  await seen(page, "audit");
  assert.deepEqual(complaints, []);
  console.log(`${asked.size} addresses asked, all of them ${origin}`);
  await context.close();
}

// Progress comes without anybody asking for it.
async function redriving(page) {
  const moved = page.locator('[data-cell="moved"]');
  const steps = new Set();
  const spoken = new Set();
  const until = Date.now() + 120_000;
  let pictured = false;
  for (;;) {
    assert.ok(Date.now() < until, `still ${await page.locator("#sentence").innerText()}`);
    steps.add(await moved.innerText());
    const sentence = await page.locator("#sentence").innerText();
    spoken.add(sentence);
    if (sentence.startsWith("Done: ")) break;
    if (!pictured && Number(await moved.innerText()) > 0) {
      pictured = true;
      await seen(page, "redriving");
    }
    await page.waitForTimeout(200);
  }
  assert.equal(await moved.innerText(), "160");
  assert.ok(steps.size >= 3, `progress was seen: ${[...steps]}`);
  assert.match(await page.title(), /^Ended: /);
  assert.equal(await page.getByRole("button", { name: "Stop the redrive" }).count(), 0);
  await seen(page, "redriven");
  console.log(`redriven, seen at ${[...steps].join(", ")}; said ${spoken.size} times`);
}

// Without scripts everything can be read, in the dark as well.
async function reading() {
  const { context, page, complaints } = await window_({ colorScheme: "dark", javaScriptEnabled: false });
  await page.goto(entry);
  await heading(page, "Dead letters");
  await page.screenshot({ path: join(pictures, "groups-without-scripts.png") });
  await page.getByRole("link", { name: /letters of group/ }).first().click();
  await page.getByRole("link", { name: /^Letter / }).first().click();
  await heading(page, /^Letter /);
  assert.ok((await page.locator("mark").count()) >= 1);
  for (const [name, title] of [["New plan", "New plan"], ["Plans", "Plans"], ["Archive", "Archive"], ["Audit", "Audit"]]) {
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name, exact: true }).click();
    await heading(page, title);
  }
  assert.deepEqual(complaints, []);
  console.log("read without scripts");
  await context.close();
}

async function heading(page, name) {
  await page.getByRole("heading", { level: 1, name }).waitFor();
}

// What somebody at the keyboard is told where they stand.
function focused(page) {
  return page.evaluate(() => {
    const at = document.activeElement;
    const label = at.labels?.[0]?.innerText;
    return (label ?? at.getAttribute("aria-label") ?? at.textContent).trim().replace(/\s+/g, " ");
  });
}

// Tabs on until it stands there: in the order of the page, and seen where it stands.
async function stand(page, name) {
  const wanted = (text) => (typeof name === "string" ? text === name : name.test(text));
  let last = -Infinity;
  await page.evaluate(() => {
    document.activeElement.blur();
    getSelection().removeAllRanges();
    document.body.setAttribute("tabindex", "-1");
    document.body.focus();
    document.body.removeAttribute("tabindex");
    scrollTo(0, 0);
  });
  for (let presses = 0; presses < 300; presses += 1) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const { activeElement } = document;
      const all = [...document.querySelectorAll("*")];
      const { outlineStyle, outlineWidth } = getComputedStyle(activeElement);
      return { order: all.indexOf(activeElement), visible: outlineStyle !== "none" && parseFloat(outlineWidth) >= 1 };
    });
    const text = await focused(page);
    assert.ok(at.order > last, `the focus goes back at ${text}`);
    assert.ok(at.visible, `nobody sees that the focus is on ${text}`);
    last = at.order;
    if (wanted(text)) return;
  }
  assert.fail(`the keyboard does not come to ${name}`);
}

async function follow(page, name) {
  await stand(page, name);
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
}

async function enter(page, button) {
  await stand(page, button);
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
}

async function type(page, label, text) {
  await stand(page, label);
  await page.keyboard.press("Control+A");
  await page.keyboard.type(text);
}

// Pictures of it in light and dark, each held against the rules of WCAG 2.2 AA.
async function seen(page, name) {
  for (const colorScheme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await page.evaluate(() =>
      globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
    );
    const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).slice(0, 3).join(" | ")}`);
    assert.deepEqual(told, [], `${name} in ${colorScheme}`);
    await page.screenshot({ path: join(pictures, `${name}-${colorScheme}.png`), fullPage: true });
  }
  console.log(`${name}: pictured in light and dark, no violation`);
}
