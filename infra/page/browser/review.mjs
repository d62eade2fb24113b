// The operator's page in a real Chromium, by keyboard. Arguments: the address with its token, a folder for screenshots.
// Prints what it has seen, a line each, and last "all is well"; ends with an error otherwise.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { enter, focused, follow, heading, seen, stand, type } from "./keyboard.mjs";

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
  await entering();
  await reviewing();
  await reading();
} finally {
  await browser.close();
  rmSync(home, { recursive: true, force: true });
}
console.log("all is well");

// Led here by a page of another site, with scripts and without: whoever has the token is let in, and no way leads back to it.
async function entering() {
  const other = `${origin.replace("127.0.0.1", "localhost")}/enter`;
  for (const javaScriptEnabled of [true, false]) {
    const context = await browser.newContext({ javaScriptEnabled });
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    await page.route(other, (route) => route.fulfill({ contentType: "text/html", body: `<a href="${entry}">the page</a>` }));
    await page.goto(other);
    await page.getByRole("link", { name: "the page" }).click();
    await page.waitForURL(`${origin}/`);
    await heading(page, "Dead letters");
    await page.goBack();
    assert.equal(page.url(), other, "the token is not in the history");
    await context.close();
  }
  console.log("entered from another site");
}

// The browser itself leads to what was checked.
async function checking(page) {
  await page.getByRole("button", { name: "Check it" }).click();
  await page.getByText("Checked, and not kept.").waitFor();
  assert.match(page.url(), /\/check#checked$/);
}

// A window of its own, which lets nothing pass that leaves this machine and forgives nothing that the browser complains about.
async function window_(options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en-US", ...options });
  const page = await context.newPage();
  const complaints = [];
  const asked = new Set();
  context.on("request", (request) => {
    asked.add(request.url());
    if (!request.url().startsWith(`${origin}/`)) complaints.push(`asked ${request.url()}`);
  });
  page.on("console", (message) => {
    // A form that is refused on purpose is told of as a failed load, and so is a poll that is broken off on purpose.
    const refused = message.text().includes("status of 422") || message.text().includes("net::ERR_FAILED");
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
  await page.waitForURL(`${origin}/`);
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
  await journey(page);

  await enter(page, "Discard this letter");
  await refused(page, "discard-reason", "refused");
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
  await seen(page, "restored");

  await editing(page);
  await acknowledging(page);

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
  const before = await stopping(page);

  // It goes on where it was stopped.
  await follow(page, "Back to the plan");
  await type(page, "Reason (needed)", "the article is in stock now");
  await type(page, "Letters a second at most", "60");
  await type(page, "Seconds to wait after a step", "1");
  await enter(page, "Redrive");
  await heading(page, /^Redrive of plan/);
  await unanswered(page);
  await redriving(page, 160 - before);

  await follow(page, "Groups");
  await page.getByText("160 letters of 5 causes").waitFor();
  await follow(page, "New plan");
  await seen(page, "new-plan");
  await follow(page, "Plans");
  await seen(page, "plans");
  await archiving(page);
  await follow(page, "Audit");
  await page.getByText("Every record of these days is there").waitFor();
  for (const why of ["the article is in stock now", "a test order", "it was none", "the shop says so", "the shop knows", "before the weekend"]) {
    assert.ok((await page.getByRole("row").filter({ hasText: why }).count()) >= 1, why);
  }
  await seen(page, "audit");
  assert.deepEqual(complaints, []);
  console.log(`${asked.size} addresses asked, all of them ${origin}`);
  await context.close();
}

// The logs come into the letter's page, and whoever asked for them stands there.
async function journey(page) {
  await stand(page, "Read its journey");
  await page.keyboard.press("Enter");
  await page.locator("#journey table").first().waitFor();
  assert.match(page.url(), /\/letters\//);
  assert.equal(await page.evaluate(() => document.activeElement.id), "journey");
  assert.match(await page.locator("#journey").innerText(), /What the target said last, to tryton POST: status 422/);
  await seen(page, "letter-journey");
}

// What is entered and not right is told above the page, where the keyboard stands then; its link leads to the field.
async function refused(page, field, name) {
  assert.match(await focused(page), /Nothing was done/);
  assert.match(await page.title(), /^Nothing was done/);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), field);
  await seen(page, name);
}

async function editing(page) {
  await follow(page, "Groups");
  await follow(page, /^60 letters of group/);
  await follow(page, /^Letter /);
  const offered = await page.getByLabel("Body (needed)").inputValue();
  const write = async (text) => {
    await stand(page, "Body (needed)");
    await page.keyboard.press("Control+A");
    // As it is pasted.
    await page.keyboard.insertText(text);
  };
  const check = async (text, verdict, name) => {
    await write(text);
    await enter(page, "Check it");
    assert.equal(await focused(page), "What was checked");
    assert.match(await page.title(), /^Checked, and not kept: /);
    await page.locator("#checked").getByText(verdict).waitFor();
    assert.equal(await page.getByLabel("Body (needed)").inputValue(), text, "what was typed is still there");
    await seen(page, name);
  };
  await check(offered.replace("Gift wrap", "Gift"), "Would still be refused", "checked-refused");
  assert.equal(await page.locator("#checked mark").count(), 1);
  await check(offered.replace('"Gift wrap"', '"Gift wrap", "sku": "SKU-2"'), "Would pass", "checked");

  await enter(page, "Keep this edit");
  await refused(page, "edit-reason", "edit-refused");
  await page.keyboard.type("the shop says so");
  await enter(page, "Keep this edit");
  await page.getByText("The edit is kept").waitFor();
  await seen(page, "edit-kept");
  await follow(page, "Back to the letter");
  await page.getByText("This is the edited body").waitFor();
  await seen(page, "edited");
}

async function acknowledging(page) {
  await follow(page, "Groups");
  await follow(page, /^40 letters of group/);
  await type(page, "Reason (needed)", "the shop knows");
  await enter(page, "Acknowledge");
  await refused(page, "acknowledge-until", "acknowledge-refused");
  await page.keyboard.type("12012026");
  await enter(page, "Acknowledge");
  await page.getByText("Acknowledged until 2026-12-01 23:59:59 UTC").waitFor();
  await seen(page, "acknowledged");
  await follow(page, "Back to the group");
  await page.getByText("the shop knows").waitFor();
}

async function archiving(page) {
  await follow(page, "Archive");
  await seen(page, "archive");
  await type(page, "Dropped within hours", "200");
  await enter(page, "Archive them");
  await refused(page, "archive-reason", "archive-refused");
  await page.keyboard.type("before the weekend");
  await enter(page, "Archive them");
  await page.getByText("inventory-to-shipping: 40 letters archived now").waitFor();
  await seen(page, "archived");
}

// Stopped while it runs, by whoever has come to the button. How many it has moved.
async function stopping(page) {
  const moved = page.locator('[data-cell="moved"]');
  await moved.filter({ hasNotText: /^0$/ }).waitFor();
  await enter(page, "Stop the redrive");
  await heading(page, /^Redrive of plan/);
  await page.locator("#sentence").getByText(/^Stopped: /).waitFor();
  assert.match(await page.title(), /^Ended: /);
  const before = Number(await moved.innerText());
  assert.ok(before > 0 && before < 160, `${before} were moved before it was stopped`);
  await seen(page, "stopped");
  console.log(`stopped after ${before}`);
  return before;
}

// Two polls in a row are not answered: that is said once, and progress goes on.
async function unanswered(page) {
  await page.evaluate(() => {
    const sentence = document.getElementById("sentence");
    globalThis.heard = [];
    new MutationObserver(() => globalThis.heard.push(sentence.textContent)).observe(sentence, { childList: true, characterData: true, subtree: true });
  });
  await page.route("**/progress", (route) => route.abort(), { times: 2 });
  const sentence = page.locator("#sentence");
  await sentence.filter({ hasText: /^No answer, trying again/ }).waitFor();
  await sentence.filter({ hasText: /^Running: / }).waitFor();
  const heard = await page.evaluate(() => globalThis.heard.filter((text) => text.startsWith("No answer")));
  assert.equal(heard.length, 1, heard.join("; "));
  console.log("two polls without an answer, and progress again");
}

// Progress comes without anybody asking for it.
async function redriving(page, wanted) {
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
  assert.equal(await moved.innerText(), String(wanted));
  assert.equal(await page.locator('[data-cell="gone"]').innerText(), "160");
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
  await page.waitForURL(`${origin}/`);
  await heading(page, "Dead letters");
  await page.screenshot({ path: join(pictures, "groups-without-scripts.png") });
  await page.getByRole("link", { name: /letters of group/ }).first().click();
  await page.getByRole("link", { name: /^Letter / }).first().click();
  await heading(page, /^Letter /);
  assert.ok((await page.locator("mark").count()) >= 1);
  await page.getByRole("link", { name: "Read its journey" }).click();
  await heading(page, /^Journey of letter /);
  await page.screenshot({ path: join(pictures, "journey-without-scripts.png") });
  await page.getByRole("link", { name: "Back to the letter" }).click();
  await checking(page);
  for (const [name, title] of [["New plan", "New plan"], ["Plans", "Plans"], ["Archive", "Archive"], ["Audit", "Audit"]]) {
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name, exact: true }).click();
    await heading(page, title);
  }
  assert.deepEqual(complaints, []);
  console.log("read without scripts");
  await context.close();
}
