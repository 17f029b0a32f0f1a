// Pictures of the playground.
import { project, serve } from './browser.js';
import { pictures, shown } from './pictures.js';

export async function playground(browser) {
  const { dir, remove } = project();
  const server = await serve(dir);
  try {
    const page = await shown(browser);
    const box = (name) => page.getByRole('textbox', { name, exact: true });
    await page.addInitScript(() => {
      localStorage.setItem('last', 'shopware/order.read.yaml');
      localStorage.setItem('last-built-in', 'yes');
    });
    await page.goto(server.url);
    await box('Result').getByText('"number"').first().waitFor();
    await page.locator('.cm-tested').first().waitFor();
    await box('Result').getByText('"street"').first().click();
    await page.getByRole('heading', { name: /^Why is/ }).waitFor();
    await pictures(page, 'playground');
    await box('Result').press('Control+Home');
    await box('Result').getByText('"number"').first().click();
    await box('Mapping').getByText('orderNumber').first().click();
    await page.keyboard.press('End');
    await page.keyboard.press('Backspace');
    await page.locator('.cm-problem').first().waitFor();
    await pictures(page, 'problem');
    await page.close();
  } finally {
    await server.stop();
    remove();
  }
}
