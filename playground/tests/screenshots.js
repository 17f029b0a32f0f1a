// Pictures of every page at 360, 1280 and 2560 px, light and dark, in the folder test-results; names choose some: playground, panes, flows, signin, wizard.
import { launch } from './browser.js';
import { flows, signin } from './screenshots-flows.js';
import { panes } from './screenshots-panes.js';
import { playground } from './screenshots-playground.js';
import { wizard } from './screenshots-wizard.js';
import { out } from './pictures.js';

const only = process.argv.slice(2);
const browser = await launch();
try {
  for (const [name, take] of Object.entries({ playground, panes, flows, signin, wizard })) {
    if (only.length === 0 || only.includes(name)) await take(browser);
  }
  console.log('pictures are in', out);
} finally {
  await browser.close();
}
