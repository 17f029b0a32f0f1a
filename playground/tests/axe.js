// What axe-core finds serious on a page, wide and narrow, light and dark; and whether the page keeps to its width.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const axe = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

const looks = [
  { width: 1280, colorScheme: 'light' },
  { width: 360, colorScheme: 'dark' },
  // What the other looks leave to be asked is whether colours tell apart.
  { width: 1280, colorScheme: 'dark', runOnly: ['color-contrast'] },
  { width: 360, colorScheme: 'light', runOnly: ['color-contrast'] },
];

/** narrow is false for what only differs in a part of a page that was looked at. */
export async function accessible(page, where, narrow = true) {
  const before = page.viewportSize();
  await page.evaluate(axe);
  for (const { width, colorScheme, runOnly } of looks.filter((l) => narrow || l.width > 360)) {
    const look = `${where}, ${width} px, ${colorScheme}`;
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: before.height });
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${look}: wider than the window`);
    const found = await page.evaluate((runOnly) => globalThis.axe.run(document, { resultTypes: ['violations'], ...(runOnly ? { runOnly } : {}) }), runOnly);
    // An editor's text takes the focus and scrolls with the cursor; axe looks at the box around it only.
    const editor = (v) => v.id === 'scrollable-region-focusable' && v.nodes.every((n) => n.html.includes('cm-scroller'));
    const serious = found.violations.filter((v) => ['serious', 'critical'].includes(v.impact) && !editor(v));
    assert.deepEqual(serious.map((v) => `${look}: ${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(' | ')}`), []);
  }
  await page.emulateMedia({ colorScheme: null });
  await page.setViewportSize(before);
}

/** Walks a page with the Tab key alone, and tells what it does not reach. */
export async function reachedByKeys(page, where) {
  await page.evaluate(() => {
    document.activeElement?.blur();
    globalThis.reached = new Set();
    addEventListener('focusin', (e) => globalThis.reached.add(e.target));
  });
  const left = () =>
    page.evaluate(() =>
      [...document.querySelectorAll('a[href], button, input, select, summary, [contenteditable=true]')]
        .filter((el) => !el.disabled && el.checkVisibility({ visibilityProperty: true }) && !(el.type === 'radio' && !el.checked) && !globalThis.reached.has(el))
        .map((el) => el.outerHTML.slice(0, 100)),
    );
  for (let keys = (await left()).length * 2 + 20; keys > 0 && (await left()).length > 0; keys -= 10) {
    for (let i = 0; i < 10; i++) await page.keyboard.press('Tab');
  }
  assert.deepEqual(await left(), [], `${where}: not reached by keys`);
}
