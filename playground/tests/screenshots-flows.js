// Pictures of Flows, Activity, a document and the Inbox at 360, 1280 and 2560 px, light and dark, in the folder test-results.
import { mkdirSync } from 'node:fs';
import { demo, launch } from './browser.js';

const out = new URL('../test-results/', import.meta.url).pathname;
mkdirSync(out, { recursive: true });
const server = await demo();
const browser = await launch();
try {
  for (const [width, height] of [[360, 800], [1280, 800], [2560, 1440]]) {
    for (const colorScheme of ['light', 'dark']) {
      const page = await browser.newPage({ viewport: { width, height }, colorScheme, reducedMotion: 'reduce' });
      page.on('console', (m) => ['error', 'warning'].includes(m.type()) && console.log(m.type(), m.text()));
      page.on('pageerror', (e) => console.log('page error', e.message));
      const shot = (name) => page.screenshot({ path: `${out}${name}-${width}-${colorScheme}.png`, fullPage: width === 360 });
      await page.goto(server.url + '/flows');
      await page.getByText('accounted for once').waitFor();
      await page.getByRole('button', { name: 'Dry run' }).click();
      await page.getByText('What a run would do now').waitFor();
      await shot('flows');
      await page.goto(server.url + '/activity');
      await page.getByRole('link', { name: '10007' }).first().waitFor();
      await shot('activity');
      await page.getByRole('link', { name: '10003' }).last().click();
      await page.getByRole('textbox', { name: 'Canonical of the attempt' }).getByText('"number"').first().click();
      await page.getByRole('heading', { name: /^Why is/ }).waitFor();
      await page.getByRole('button', { name: 'Replay…' }).click();
      await page.getByRole('region', { name: 'Replay' }).waitFor();
      await shot('document');
      await page.goto(server.url + '/inbox');
      await page.getByText('What to do').waitFor();
      await shot('inbox');
      await page.close();
    }
  }
  console.log('pictures are in', out);
} finally {
  await browser.close();
  await server.stop();
}
