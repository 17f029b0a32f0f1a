// Pictures of Flows, lookup tables, Activity, a document, the Inbox and Connections, and of signing in.
import { demo } from './browser.js';
import { pictures, shown } from './pictures.js';
import { guarded } from './signin.js';

export async function flows(browser) {
  const server = await demo();
  try {
    const page = await shown(browser);
    await page.goto(server.url + '/flows');
    await page.getByText('accounted for once').waitFor();
    await page.getByRole('button', { name: 'Dry run' }).click();
    await page.getByText('What a run would do now').waitFor();
    await pictures(page, 'flows');
    await page.getByRole('button', { name: 'Full resync' }).click();
    await page.getByRole('dialog').waitFor();
    await pictures(page, 'resync');

    await page.goto(server.url + '/flows?show=tables');
    await page.getByText('without an entry').first().waitFor();
    await pictures(page, 'tables');

    await page.goto(server.url + '/activity');
    await page.getByRole('link', { name: '10007' }).first().waitFor();
    await pictures(page, 'activity');
    await page.getByRole('link', { name: '10003' }).last().click();
    await page.getByRole('textbox', { name: 'Canonical of the attempt' }).getByText('"number"').first().click();
    await page.getByRole('heading', { name: /^Why is/ }).waitFor();
    await pictures(page, 'document');
    await page.getByRole('button', { name: 'Replay…' }).click();
    await page.getByRole('region', { name: 'Replay' }).waitFor();
    await pictures(page, 'replay');

    await page.goto(server.url + '/activity?outcome=in_doubt');
    await page.getByText('Nothing fits the filters').waitFor();
    await pictures(page, 'nothing');
    await page.goto(server.url + '/inbox');
    await page.getByText('What to do').waitFor();
    await pictures(page, 'inbox');
    await page.goto(server.url + '/connections');
    await page.getByRole('button', { name: 'Check all' }).click();
    await page.getByText('works', { exact: true }).nth(1).waitFor();
    await pictures(page, 'connections');
    await page.close();
  } finally {
    await server.stop();
  }
}

export async function signin(browser) {
  const at = await guarded();
  try {
    const page = await shown(browser);
    await page.goto(at.url + '/flows?signin=role');
    await page.getByRole('dialog').waitFor();
    await pictures(page, 'signin');
    await page.close();
  } finally {
    await at.stop();
  }
}
