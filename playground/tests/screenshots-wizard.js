// Pictures of the wizard, step by step, and of what connections look like before and after.
import { pictures, shown } from './pictures.js';
import { answers, empty, fill, tries, writes } from './wizard.js';

export async function wizard(browser) {
  const at = await empty();
  try {
    const page = await shown(browser);
    const [shop, books] = at.running;
    await page.goto(at.url + '/flows');
    await page.getByRole('heading', { name: 'No flows run here yet' }).waitFor();
    await pictures(page, 'flows-empty');
    await page.goto(at.url + '/connections');
    await page.getByRole('heading', { name: 'No connections yet' }).waitFor();
    await pictures(page, 'connections-empty');
    await page.getByRole('link', { name: 'Set up a flow' }).first().click();
    await page.getByRole('region', { name: 'From', exact: true }).waitFor();
    await pictures(page, 'wizard-0-blank');
    await fill(page, 'From', 'Shopware 6', 'webshop', shop);
    await fill(page, 'To', 'Visma eAccounting', 'books', { ...books, credentials: { ...books.credentials, clientSecret: 'wrong' } }, 'does not work');
    await pictures(page, 'wizard-1-wrong');
    await fill(page, 'To', 'Visma eAccounting', 'books', books);
    await pictures(page, 'wizard-1-systems');
    await page.getByRole('button', { name: 'Next' }).click();
    await answers(page);
    await pictures(page, 'wizard-2-questions');
    await tries(page);
    await pictures(page, 'wizard-3-document');
    await writes(page);
    await pictures(page, 'wizard-4-files');
    await page.close();
  } finally {
    await at.stop();
  }
}
