// Pictures of what stands beside the result, of the forms, and of the dialogs of the playground.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { project, serve, shopAndBooks } from './browser.js';
import { pictures, shown } from './pictures.js';

export async function panes(browser) {
  const { dir, remove } = project();
  const systems = await shopAndBooks();
  const server = await serve(dir, { env: systems.env });
  try {
    const page = await shown(browser);
    const box = (name) => page.getByRole('textbox', { name, exact: true });
    const dialog = page.locator('dialog');
    const choose = async (keys, query) => {
      await page.keyboard.press(keys);
      await dialog.getByRole('combobox').fill(query);
      await dialog.getByRole('option').first().waitFor();
      await page.keyboard.press('Enter');
      await dialog.waitFor({ state: 'detached' });
    };
    const leave = async () => {
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
    };
    await page.addInitScript(() => localStorage.getItem('last') ?? localStorage.setItem('last', 'mappings/invoiceDraft.yaml'));
    await page.goto(server.url);
    await box('Result').getByText('"CustomerId"').first().waitFor();
    await page.getByRole('button', { name: 'Add as test' }).click();
    await pictures(page, 'add-test');
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: /^Tests 1/ }).waitFor();
    await page.locator('.cm-tested').first().waitFor();

    // An order as the shop has it, through its read mapping.
    await choose('Alt+s', '12-person by way of shopware');
    await page.getByText(/shopware\/order\.read →/).waitFor();
    await page.keyboard.press('Alt+5');
    await box('Canonical').getByText('"number"').first().waitFor();
    await pictures(page, 'canonical');
    await page.keyboard.press('Alt+6');
    await page.getByText(/^What the connector sends/).waitFor();
    await pictures(page, 'request');
    await page.keyboard.press('Alt+4');
    await page.getByText('Target fields that no rule fills').waitFor();
    await pictures(page, 'unread');
    for (const part of ['settings', 'tables']) {
      await page.getByRole('button', { name: part }).click();
      await page.getByRole('button', { name: 'as text' }).waitFor();
      await pictures(page, part);
    }
    await page.getByRole('button', { name: 'document' }).click();
    await page.keyboard.press('Alt+1');

    // What a change makes of it: in the result, and in the tests.
    await box('Mapping').getByText('customer.lastName').first().click();
    await page.keyboard.press('Control+End');
    await page.keyboard.insertText('  Rows[].Text: upper(line.name)\n');
    await box('Result').getByText('"SCREW (PER PIECE)"').waitFor();
    await page.keyboard.press('Alt+2');
    await page.locator('.added').first().waitFor();
    await pictures(page, 'diff');
    await page.keyboard.press('Alt+3');
    await page.getByRole('tab', { name: /^Tests 1 of 1/ }).waitFor();
    await pictures(page, 'tests');
    writeFileSync(join(dir, 'mappings/invoiceDraft.yaml'), 'extends: eaccounting/invoiceDraft.write\nrules: {}\n');
    await page.evaluate(() => dispatchEvent(new Event('focus')));
    await page.getByRole('alert').waitFor();
    await pictures(page, 'conflict');
    await page.getByRole('button', { name: 'Open the other' }).click();

    // A document of the connected shop, and what would become of it in the books.
    await page.keyboard.press('Alt+s');
    await page.getByRole('option', { name: /^Latest from webshop/ }).click();
    await dialog.getByText(/^changed/).first().waitFor();
    await pictures(page, 'latest');
    await dialog.getByRole('button', { name: /10009/ }).click();
    await page.keyboard.press('Alt+6');
    await page.getByRole('button', { name: 'Plan it against books' }).click();
    await page.getByText('It would be made in books').waitFor();
    await pictures(page, 'plan');

    await page.getByRole('button', { name: 'Share' }).click();
    await page.waitForFunction(() => document.querySelector('dialog input')?.value.includes('#s='));
    await pictures(page, 'share');
    await leave();
    await page.keyboard.press('Control+k');
    await pictures(page, 'palette');
    await leave();
    await choose('Control+o', 'shopware/order.read');
    await page.keyboard.press('Alt+1');
    await box('Result').getByText('"number"').first().waitFor();
    await page.getByRole('button', { name: 'lines', exact: true }).click();
    await box('Source document').click();
    await page.keyboard.press('Control+a');
    await page.keyboard.insertText('{"orderNumber": "10001", "amountTotal": 12345678901234567890.10, "currency": {"isoCode": "EUR"}}\n{"orderNumber": \n');
    await page.getByText('1 mapped, 1 failed').waitFor();
    await pictures(page, 'lines');
    await page.keyboard.press('Alt+0');
    await box('Script').getByText('summary').first().waitFor();
    await pictures(page, 'scripts');
    await page.close();
  } finally {
    await server.stop();
    await systems.stop();
    remove();
  }
}
