// What a person does without a project: the browser keeps the work.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from './browser.js';

export async function keepsWork(page) {
  const dir = mkdtempSync(join(tmpdir(), 'crosswalk-alone-'));
  const server = await serve(dir);
  const mapping = page.getByRole('textbox', { name: 'Mapping', exact: true });
  const result = page.getByRole('textbox', { name: 'Result', exact: true });
  const palette = async (query) => {
    await page.keyboard.press('Control+k');
    await page.locator('dialog').getByRole('combobox').fill(query);
    await page.keyboard.press('Enter');
    await page.locator('dialog').waitFor({ state: 'detached' });
  };
  const kept = (part) => page.waitForFunction((text) => Object.keys(localStorage).some((key) => localStorage[key].includes(text)), part);
  try {
    await page.goto(server.url);
    await result.getByText('"number"').first().waitFor();

    // What is built in is changed here only, and comes back on demand.
    await mapping.press('Control+Home');
    await page.keyboard.insertText('# mine\n');
    await page.getByText('built in, changed here').waitFor();
    await kept('# mine');
    await page.reload();
    await mapping.getByText('# mine').waitFor();
    await palette('go back to what is built in');
    await mapping.getByText('# mine').waitFor({ state: 'detached' });

    // An overlay is there again, not saved and saved, with a document of what it reads.
    await palette('overlay');
    await mapping.press('Control+End');
    await page.keyboard.insertText('  note: \'"kept"\'\n');
    await kept('"kept"');
    await page.reload();
    await mapping.getByText('"kept"').waitFor();
    await result.getByText('"kept"').waitFor();
    await page.keyboard.press('Control+s');
    await page.getByRole('heading', { name: 'Keep in this browser' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('in this browser', { exact: false }).first().waitFor();
    await page.reload();
    await mapping.getByText('"kept"').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Save' }).isDisabled(), true);
    await page.keyboard.press('Control+o');
    await page.getByRole('option', { name: 'mappings/my-order.read.yaml' }).waitFor();
  } finally {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}
