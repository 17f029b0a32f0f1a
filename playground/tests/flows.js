// What a person does with flows, activity, inbox and lookup tables, between two sandboxes.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accessible, reachedByKeys } from './axe.js';
import { project, shopAndBooks, serve } from './browser.js';

/** Waits until a text stands in an editor, also where it is not scrolled into view. */
const holds = (page, name, part) =>
  page.waitForFunction(([label, text]) => document.querySelector(`.cm-content[aria-label="${label}"]`)?.cmTile?.view?.state.doc.toString().includes(text), [name, part]);

const box = (page, name) => page.getByRole('textbox', { name, exact: true });
/** The demo's project between two sandboxes, served; run gets its address and folder. */
async function between(run) {
  const { dir, remove } = project();
  const flowFile = join(dir, 'flows/webshop-orders.yaml');
  writeFileSync(flowFile, readFileSync(flowFile, 'utf8').replace('mappings:\n', 'mappings:\n  read: mappings/order.yaml\n'));
  writeFileSync(join(dir, 'mappings/order.yaml'), 'extends: shopware/order.read\nrules:\n  note: customerComment\n');
  const systems = await shopAndBooks();
  const server = await serve(dir, { env: systems.env });
  try {
    await run(server.url, dir, flowFile);
  } catch (e) {
    console.log(server.log());
    throw e;
  } finally {
    await server.stop();
    await systems.stop();
    remove();
  }
}

/** Runs the flow until its orders have crossed: ten are read, one fails. */
async function crossed(page, url) {
  await page.goto(url + '/flows');
  const details = page.getByRole('region', { name: 'Flow webshop-orders' });
  await details.getByRole('button', { name: 'Run now' }).click();
  await details.getByText('read 10 = created 6 + updated 0 + skipped 3 + failed 1 + in doubt 0').waitFor();
  await details.getByText('accounted for once').waitFor();
  return details;
}

export const mendsAnOrder = (page) => between(async (url) => {
  const errors = [];
  page.on('pageerror', (e) => errors.push(e.message));

  const details = await crossed(page, url);
  await accessible(page, 'flows');
  await reachedByKeys(page, 'flows');

  // Pause and resume, with the keys.
  await page.keyboard.press('Alt+p');
  await details.getByRole('button', { name: 'Resume' }).waitFor();
  assert.equal(await details.getByRole('button', { name: 'Run now' }).isDisabled(), true);
  await page.keyboard.press('Alt+p');
  await details.getByRole('button', { name: 'Pause' }).waitFor();

  // The activity filters in the address.
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Activity' }).click();
  await page.getByRole('link', { name: '10007' }).waitFor();
  await page.getByLabel('Outcome').selectOption('failed');
  await page.getByRole('link', { name: '10002' }).waitFor({ state: 'detached' });
  assert.match(page.url(), /outcome=failed/);
  await accessible(page, 'activity');

  // The inbox says what is wrong; the document's page shows what came, and why.
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Inbox' }).click();
  await page.getByText('eaccounting has no article NK-GIFT-UNKNOWN.').waitFor();
  await accessible(page, 'inbox');
  await reachedByKeys(page, 'inbox');
  await page.getByRole('link', { name: 'See the document and replay it' }).click();
  await box(page, 'Canonical of the attempt').getByText('"number"').first().waitFor();
  await box(page, 'Canonical of the attempt').focus();
  await page.keyboard.press('Control+Home');
  await page.keyboard.press('ArrowDown'); // the id
  await page.keyboard.press('ArrowDown'); // the number
  await page.keyboard.press('End');
  await page.getByRole('heading', { name: /^Why is number "10007"/ }).waitFor();
  await accessible(page, 'document');
  await reachedByKeys(page, 'document');
  const entry = page.url();

  // Its mapping is mended in the playground, with the very document.
  await page.getByRole('link', { name: 'Open the read mapping' }).click();
  await holds(page, 'Result', 'NK-GIFT-UNKNOWN');
  await holds(page, 'Mapping', 'customerComment');
  await box(page, 'Mapping').focus();
  await page.keyboard.press('Control+End');
  await page.keyboard.insertText(
    "  lines[].sku: 'line.payload.productNumber == \"NK-GIFT-UNKNOWN\" ? \"NK-MUG-350\" : line.payload.productNumber ?? line.product.productNumber'",
  );
  await holds(page, 'Result', 'NK-MUG-350');
  await page.keyboard.press('Control+s');
  await page.getByText('· saved').waitFor();

  // The difference first, then the replay.
  await page.goto(entry);
  await page.getByRole('button', { name: 'Replay…' }).click();
  const replay = page.getByRole('region', { name: 'Replay' });
  await replay.getByRole('heading', { name: 'Was failed, would be created' }).waitFor();
  await replay.getByText('BuyersOrderReference').waitFor();
  await accessible(page, 'a replay', false);

  // With the version that failed it would fail again; with the one of now not.
  const versions = replay.getByLabel('With');
  await versions.selectOption({ index: 1 });
  await replay.getByRole('heading', { name: 'A replay would end the same way' }).waitFor();
  await versions.selectOption('the flow as it is now');
  await replay.getByRole('heading', { name: 'Was failed, would be created' }).waitFor();
  await replay.getByRole('button', { name: 'Replay it' }).click();
  await page.getByText('The replay ended:').getByText('created').waitFor();
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Inbox' }).click();
  await page.getByText('Nothing waits for you').waitFor();
  await accessible(page, 'empty inbox');
  assert.deepEqual(errors, []);
});

export const addsAnEntry = (page) => between(async (url, dir, flowFile) => {
  const details = await crossed(page, url);

  // A dry run says what a run would do; a resync first what it costs.
  await details.getByRole('button', { name: 'Dry run' }).click();
  await details.getByRole('heading', { name: 'What a run would do now' }).waitFor();
  await details.getByRole('button', { name: 'Full resync' }).click();
  await page.getByRole('dialog').getByText(/^10 documents since 2026-01-01, about \d+ calls/).waitFor();
  await accessible(page, 'a resync', false);
  await page.getByRole('button', { name: 'Start the resync' }).click();
  await details.getByText('read 20 = created 6').waitFor();

  // What documents asked for in vain is written where it is missing.
  await details.getByRole('link', { name: /^Tables/ }).click();
  const table = details.getByRole('region', { name: 'Table deliveryMethods' });
  await table.getByText('without an entry').waitFor();
  await accessible(page, 'tables');
  await reachedByKeys(page, 'tables');
  const key = /^Entry for shipping_standard of/;
  await table.getByLabel(key).fill('PostNord');
  await table.getByLabel(key).press('Enter');
  await details.getByText('shipping_standard of deliveryMethods is written to flows/webshop-orders.yaml').waitFor();
  await table.getByLabel(key).waitFor({ state: 'detached' });
  await table.getByText('PostNord').waitFor();
  assert.match(readFileSync(flowFile, 'utf8'), /deliveryMethods:\s*\{?\s*shipping_standard: PostNord/);
});
