// The wizard, from an empty project to orders that cross between two sandboxes.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accessible, reachedByKeys } from './axe.js';
import { sandboxes, serve } from './browser.js';

export const config = '# our shop\nserver:\n  outbound: {loopback: true}\n\nconnections: {}\n';

/** An empty project that is served, beside sandboxes of a shop and of books. */
export async function empty() {
  const dir = mkdtempSync(join(tmpdir(), 'crosswalk-wizard-'));
  writeFileSync(join(dir, 'crosswalk.yaml'), config);
  const systems = await sandboxes('shopware', 'eaccounting');
  const server = await serve(dir);
  return {
    dir,
    url: server.url,
    running: systems.running,
    async stop() {
      await server.stop();
      await systems.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Fills one side in and checks it. */
export async function fill(page, label, title, name, sandbox, says = 'works') {
  const side = page.getByRole('region', { name: label, exact: true });
  await side.getByLabel(/^System/).selectOption({ label: title });
  await side.getByLabel(/^Name of the connection/).fill(name);
  await side.getByLabel(/^Address/).fill(sandbox.url);
  const fields = { 'Access key id': 'accessKeyId', 'Secret access key': 'secretAccessKey', 'Client id': 'clientId', 'Client secret': 'clientSecret', 'Refresh token': 'refreshToken' };
  for (const [field, key] of Object.entries(fields)) {
    if (sandbox.credentials[key]) await side.getByLabel(new RegExp('^' + field, 'i')).fill(sandbox.credentials[key]);
  }
  await side.getByRole('button', { name: 'Check' }).click();
  await side.getByText(says, { exact: true }).waitFor();
}

/** Answers the questions of orders from the shop to the books. */
export async function answers(page) {
  await page.getByRole('heading', { name: 'What the flow needs to know' }).waitFor();
  await page.getByLabel(/^Begins with orders of/).fill('2020-01-01');
  await page.getByLabel(/^Only those where/).fill('paymentStatus == "paid"');
  await page.getByLabel(/^orderType/).selectOption('invoiceDraft');
  await page.getByText(/more, each as it is/).click();
  await page.getByLabel(/^roundingLimit/).fill('0.02');
  await page.getByLabel(/^roundingLimit/).press('Tab');
  for (const [table, stem] of [['shippingArticles', 'SHIP'], ['discountArticles', 'DISC']]) {
    for (const rate of ['21', '9', '0']) {
      const entry = page.getByRole('group', { name: new RegExp('^' + table) }).getByLabel(new RegExp(`^${rate}\\b`));
      if (await entry.count()) await entry.fill(`${stem}-${rate}`);
    }
  }
}

/** Tries the flow on one real document. */
export async function tries(page) {
  await page.getByRole('button', { name: 'Try it with a real document' }).click();
  await page.getByRole('heading', { name: 'One real document' }).waitFor();
  assert.match(await page.getByText(/would be/).innerText(), /would be created/);
  await page.getByText('create invoiceDraft').waitFor();
}

/** Lets the project's files be written. */
export async function writes(page) {
  await page.getByRole('button', { name: 'Write the files' }).click();
  await page.getByRole('heading', { name: 'The flow is set up' }).waitFor();
}

/** Previews a mapping with a real document, and plans it against the target; nothing is sent. */
async function previewsTheLatest(page) {
  await page.getByRole('link', { name: 'Playground' }).click();
  const box = (name) => page.getByRole('textbox', { name, exact: true });
  await box('Result').getByText('"number"').first().waitFor();
  await page.keyboard.press('Control+o');
  await page.getByRole('combobox').fill('eaccounting/invoiceDraft.write');
  await page.keyboard.press('Enter');
  await page.getByText('order → eaccounting.invoiceDraft').waitFor();
  await page.keyboard.press('Alt+s');
  await page.getByRole('option', { name: /^Latest from webshop/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Latest from webshop' });
  await dialog.getByText(/^changed/).first().waitFor();
  await accessible(page, 'the latest documents', false);
  await dialog.getByRole('button', { name: /10009/ }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: /^10009 of webshop/ }).waitFor();
  await page.keyboard.press('Alt+6');
  const plan = page.getByRole('region', { name: 'Plan' });
  await plan.getByRole('button', { name: 'Plan it against books' }).click();
  await plan.getByText('It would be made in books').waitFor();
  await plan.getByText('"BuyersOrderReference": "10009"').waitFor();
  // With what the plan has found in the target, the preview is whole.
  await page.getByText(/^What the connector sends to Visma eAccounting/).waitFor();
  await accessible(page, 'a plan');
}

export async function walksTheWizard(page) {
  const at = await empty();
  try {
    await page.goto(at.url + '/connections');
    await page.getByRole('heading', { name: 'No connections yet' }).waitFor();
    await page.getByRole('link', { name: 'Set up a flow' }).first().click();
    const [shop, books] = at.running;
    // A wrong secret is told before anything is kept.
    await fill(page, 'From', 'Shopware 6', 'webshop', { ...shop, credentials: { ...shop.credentials, secretAccessKey: 'wrong-secret' } }, 'does not work');
    await fill(page, 'From', 'Shopware 6', 'webshop', shop);
    await fill(page, 'To', 'Visma eAccounting', 'books', books);
    assert.equal(await page.getByRole('region', { name: 'From', exact: true }).getByLabel(/^Secret access key/).inputValue(), '');
    await accessible(page, 'the wizard, two systems');
    await reachedByKeys(page, 'the wizard, two systems');
    await page.getByRole('button', { name: 'Next' }).click();

    await answers(page);
    await accessible(page, 'the wizard, questions');
    await tries(page);
    await accessible(page, 'the wizard, a real document');
    // The browser's own Back and Forward go from step to step; what was tried with other answers is not shown again.
    await page.goBack();
    await page.getByRole('heading', { name: 'What the flow needs to know' }).waitFor();
    assert.equal(await page.getByLabel(/^Only those where/).inputValue(), 'paymentStatus == "paid"');
    await page.goBack();
    await page.getByRole('heading', { name: 'Which two systems?' }).waitFor();
    await page.goForward();
    await page.getByRole('heading', { name: 'What the flow needs to know' }).waitFor();
    await page.goForward();
    await page.getByRole('heading', { name: 'One real document' }).waitFor();
    await page.goBack();
    await page.getByLabel('Name of the flow').fill('Web shop');
    await page.getByRole('button', { name: 'Try it with a real document' }).click();
    await page.getByRole('alert').getByText("A flow's name has small letters").waitFor();
    await page.goForward();
    await page.getByRole('heading', { name: 'What the flow needs to know' }).waitFor();
    await page.getByLabel('Name of the flow').fill('webshop-orders');
    await tries(page);
    await writes(page);

    const written = readFileSync(join(at.dir, 'crosswalk.yaml'), 'utf8');
    assert.match(written, /^# our shop\nserver:\n {2}outbound: \{loopback: true\}\n/);
    const shown = await page.locator('main').innerText();
    for (const secret of [shop.credentials.secretAccessKey, books.credentials.clientSecret, books.credentials.refreshToken]) {
      assert.ok(!written.includes(secret) && !shown.includes(secret), 'a secret stands in the open');
    }
    assert.equal(statSync(join(at.dir, 'secrets/webshop.secretAccessKey')).mode & 0o777, 0o600);
    await page.getByRole('button', { name: 'Connections' }).click();
    await page.getByRole('button', { name: 'Check all' }).click();
    await page.getByText('works', { exact: true }).nth(1).waitFor();
    await accessible(page, 'connections');

    await previewsTheLatest(page);

    // The flow runs beside the page, with what was written and nothing else.
    await page.getByRole('link', { name: 'Flows' }).click();
    await page.getByText('webshop-orders').filter({ visible: true }).first().click();
    await page.getByRole('button', { name: 'Run now' }).click();
    await page.getByText(/^read \d+ = created [1-9]/).waitFor();
  } finally {
    await at.stop();
  }
}
