// Proves the page of the admin listener in a real browser: light and dark, on a phone and on a
// screen. Looks at width, contrast, table heads, requests, the console and hostile names.
//
// Usage: `node scripts/verify/page.mjs [--cache FOLDER] [--write]`, after `npm run build`. It takes
// Chromium from the PATH, or unpacks the package of Debian into the cache. `--write` replaces the
// pictures of docs/images.
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createChecks } from './checks.mjs';
import { findChromium, startChromium } from './page/chromium.mjs';
import { lowContrasts, structure } from './page/measures.mjs';
import { withPalette } from './page/palette-png.mjs';
import { equal, startRun } from './page/run.mjs';
import { HOSTILE, startScene } from './page/scene.mjs';
import { root } from './steps.mjs';

const SIZES = { phone: { width: 360, height: 780 }, screen: { width: 1280, height: 900 } };
/** Pixels of a picture from the top: the rest of the page repeats. */
const SHOWN = { phone: 1200, screen: 1500 };
const MOST_BYTES = 150_000;

const { cache, folder, pictures, write } = startRun('page');
/** The pictures of docs/operation.md. */
const SHIPPED = ['admin-page-screen-light.png', 'admin-page-phone-dark.png'];
const opened = [];
const { check, finish } = createChecks('the page');

try {
  const scene = await startScene(folder, opened);
  const browser = await startChromium(await findChromium(cache));
  opened.push(browser.stop);
  console.log(await browser.version());
  await scene.makeTrouble();
  const url = `${scene.admin}/`;

  for (const [device, size] of Object.entries(SIZES))
    for (const scheme of ['light', 'dark'])
      await check(`${device}, ${scheme}`, async () => {
        const seen = await browser.open(url, { ...size, scheme });
        equal('the console', seen.console, []);
        equal('the requests', seen.urls, [url]);
        const width = await browser.value('document.documentElement.scrollWidth');
        equal('the width', width, size.width);
        const dark = await browser.value(
          'getComputedStyle(document.body).backgroundColor.match(/\\d+/g)[0] < 128',
        );
        equal('a dark page', dark, scheme === 'dark');
        equal('low contrasts', await browser.value(lowContrasts), []);
        const picture = withPalette(await browser.screenshot({ ...size, height: SHOWN[device] }));
        writeFileSync(join(pictures, `admin-page-${device}-${scheme}.png`), picture);
        if (picture.length > MOST_BYTES) throw new Error(`${picture.length} bytes of a picture`);
        return { note: `${picture.length} bytes` };
      });

  await check('landmarks, headings, and a head for each column', async () => {
    const { landmarks, headings, tables, unnamed } = await browser.value(structure);
    equal('landmarks', landmarks, ['header', 'nav', 'main', 'footer']);
    equal('headings', headings, ['Endpoints', 'Issuers', 'Last refusals']);
    equal('tables with heads', tables, [8, 6, 5]);
    equal('cells without the name of their column', unnamed, 0);
  });
  await check('the filter', async () => {
    await browser.open(`${url}?q=CALENDAR`, { ...SIZES.screen, scheme: 'light' });
    const rows = await browser.value(
      '[...document.querySelectorAll("tbody th")].map((one) => one.firstChild.textContent)',
    );
    equal('rows', rows, ['/calendar/mcp']);
    equal('the field', await browser.value('document.querySelector("#q").value'), 'CALENDAR');
  });
  await check('names that are HTML stay text', async () => {
    await scene.sendHostile();
    const seen = await browser.open(`${url}?q=${encodeURIComponent('"><script>')}`, {
      ...SIZES.screen,
      scheme: 'light',
    });
    equal('the console', seen.console, []);
    await browser.open(url, { ...SIZES.screen, scheme: 'light' });
    const counts = await browser.value(
      '["script", "img", "style"].map((name) => document.querySelectorAll(name).length)',
    );
    equal('scripts, images, styles', counts, [0, 0, 1]);
    equal('the title', await browser.value('document.title'), 'Portcullis');
    const text = await browser.value('document.body.innerText');
    equal('shown', HOSTILE.filter((name) => text.includes(name)).length, HOSTILE.length);
  });
  if (write)
    for (const name of SHIPPED)
      copyFileSync(join(pictures, name), join(root, 'docs', 'images', name));
} finally {
  for (const end of opened.reverse()) await end();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
finish();
