// Pictures of the page at 360, 1280 and 2560 px, light and dark, in the folder test-results.
import { mkdirSync } from 'node:fs';
import { launch, project, serve } from './browser.js';

const out = new URL('../test-results/', import.meta.url).pathname;
mkdirSync(out, { recursive: true });
const { dir, remove } = project();
const server = await serve(dir);
const browser = await launch();
try {
  for (const [width, height] of [[360, 800], [1280, 800], [2560, 1440]]) {
    for (const colorScheme of ['light', 'dark']) {
      const page = await browser.newPage({ viewport: { width, height }, colorScheme, reducedMotion: 'reduce' });
      page.on('console', (m) => ['error', 'warning'].includes(m.type()) && console.log(m.type(), m.text()));
      page.on('pageerror', (e) => console.log('page error', e.message));
      await page.goto(server.url);
      await page.evaluate(() => localStorage.setItem('last', 'shopware/order.read.yaml'));
      await page.reload();
      await page.getByRole('textbox', { name: 'Result' }).getByText('"number"').first().waitFor();
      await page.locator('.cm-tested').first().waitFor();
      await page.getByRole('textbox', { name: 'Result' }).getByText('"street"').first().click();
      await page.getByRole('heading', { name: /^Why is/ }).waitFor();
      await page.waitForTimeout(200);
      await page.screenshot({ path: `${out}playground-${width}-${colorScheme}.png`, fullPage: width === 360 });
      if (width === 1280) {
        await page.getByRole('textbox', { name: 'Result' }).press('Control+Home');
        await page.getByRole('textbox', { name: 'Result' }).getByText('"number"').first().click();
        await page.getByRole('textbox', { name: 'Mapping' }).getByText('orderNumber').first().click();
        await page.keyboard.press('End');
        await page.keyboard.press('Backspace');
        await page.locator('.cm-problem').first().waitFor();
        await page.screenshot({ path: `${out}problem-${width}-${colorScheme}.png` });
      }
      await page.close();
    }
  }
  console.log('pictures are in', out);
} finally {
  await browser.close();
  await server.stop();
  remove();
}
