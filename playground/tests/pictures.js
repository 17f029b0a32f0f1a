// Pictures of what a page shows at the moment, in every width and theme, in the folder test-results.
import { mkdirSync } from 'node:fs';

export const out = new URL('../test-results/', import.meta.url).pathname;
mkdirSync(out, { recursive: true });

const sizes = [[360, 800], [1280, 800], [2560, 1440]];

/** A page that tells what goes wrong in it. */
export async function shown(browser) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
  page.setDefaultTimeout(30_000);
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && console.log(m.type(), m.text()));
  page.on('pageerror', (e) => console.log('page error', e.message));
  return page;
}

/** Takes the six pictures, and leaves the page as wide as it was. */
export async function pictures(page, name) {
  const before = page.viewportSize();
  for (const [width, height] of sizes) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      await page.screenshot({ path: `${out}${name}-${width}-${colorScheme}.png`, fullPage: width === 360 });
    }
  }
  await page.emulateMedia({ colorScheme: null });
  await page.setViewportSize(before);
}
