// How somebody at the keyboard goes through a page, and what is seen of it.
import assert from "node:assert/strict";
import { join } from "node:path";

const pictures = process.argv[3];

export async function heading(page, name) {
  await page.getByRole("heading", { level: 1, name }).waitFor();
}

// What somebody at the keyboard is told where they stand.
export function focused(page) {
  return page.evaluate(() => {
    const at = document.activeElement;
    const label = at.labels?.[0]?.innerText;
    return (label ?? at.getAttribute("aria-label") ?? at.textContent).trim().replace(/\s+/g, " ");
  });
}

// Tabs on until it stands there: in the order of the page, and seen where it stands.
export async function stand(page, name) {
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
      // Day, month and year of a date are a stop each.
      const parts = activeElement.type === "date";
      return { order: all.indexOf(activeElement), parts, visible: outlineStyle !== "none" && parseFloat(outlineWidth) >= 1 };
    });
    const text = await focused(page);
    assert.ok(at.order > last || (at.parts && at.order === last), `the focus goes back at ${text}`);
    assert.ok(at.visible, `nobody sees that the focus is on ${text}`);
    last = at.order;
    if (wanted(text)) return;
  }
  assert.fail(`the keyboard does not come to ${name}`);
}

export async function follow(page, name) {
  await stand(page, name);
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
}

export async function enter(page, button) {
  await stand(page, button);
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
}

export async function type(page, label, text) {
  await stand(page, label);
  await page.keyboard.press("Control+A");
  await page.keyboard.type(text);
}

// Pictures of it in light and dark, each held against the rules of WCAG 2.2 AA.
export async function seen(page, name) {
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
