// What axe-core finds serious on a page.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const axe = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

export async function accessible(page, where) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  // An editor's text takes the focus and scrolls with the cursor; axe looks at the box around it only.
  const editor = (v) => v.id === 'scrollable-region-focusable' && v.nodes.every((n) => n.html.includes('cm-scroller'));
  const serious = found.violations.filter((v) => ['serious', 'critical'].includes(v.impact) && !editor(v));
  assert.deepEqual(serious.map((v) => `${where}: ${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(' | ')}`), []);
}
