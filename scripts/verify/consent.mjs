// Walks login and consent of the facade in a real browser: light and dark, on a phone and on a
// screen. Also has another site try to frame the page and to answer it.
//
// Usage: `node scripts/verify/consent.mjs [--cache FOLDER] [--write]`, after `npm run build`. It
// takes Chromium from the PATH, or unpacks the package of Debian into the cache. `--write` replaces
// the picture of docs/images.
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../test/fixtures/wait.js';
import { createChecks } from './checks.mjs';
import { startScene } from './consent/scene.mjs';
import { findChromium, startChromium } from './page/chromium.mjs';
import { lowContrasts } from './page/measures.mjs';
import { withPalette } from './page/palette-png.mjs';
import { equal, startRun } from './page/run.mjs';
import { root } from './steps.mjs';

const SIZES = { phone: { width: 360, height: 640 }, screen: { width: 640, height: 500 } };
const MOST_BYTES = 100_000;
/** The picture of docs/facade.md. */
const SHIPPED = 'consent-screen-light.png';
const NAME = 'Example Assistant';
const WAIT_MS = 15_000;
const ALLOW = 'button[value=allow]';

const { cache, folder, pictures, write } = startRun('consent');
const opened = [];
const { check, finish } = createChecks('login and consent in a browser');

try {
  const scene = await startScene(folder, opened);
  const browser = await startChromium(await findChromium(cache), scene.browserArguments);
  opened.push(browser.stop);
  console.log(await browser.version());
  const clientId = await scene.newLogin(NAME);
  const light = { ...SIZES.screen, scheme: 'light' };

  /** Waits for a page that fits, and resolves to its URL. */
  const arrives = async (label, start, selector = 'body') => {
    const at = () =>
      browser.value(
        `document.querySelector(${JSON.stringify(selector)}) !== null && location.href`,
      );
    return until(
      label,
      async () => {
        const href = await at();
        return href !== false && href.startsWith(start) && href;
      },
      WAIT_MS,
    );
  };
  const returned = async (label) => new URL(await arrives(label, scene.redirect)).searchParams;

  for (const [device, size] of Object.entries(SIZES))
    for (const scheme of ['light', 'dark'])
      await check(`the consent page, ${device}, ${scheme}`, async () => {
        const { url } = scene.request(clientId);
        const seen = await browser.open(url, { ...size, scheme });
        equal('the console', seen.console, []);
        equal('the requests', seen.urls, [url]);
        equal('the width', await browser.value('document.documentElement.scrollWidth'), size.width);
        equal('low contrasts', await browser.value(lowContrasts), []);
        const buttons = '[...document.querySelectorAll("button")].map((one) => one.value)';
        equal('the buttons', await browser.value(buttons), ['allow', 'deny']);
        const picture = withPalette(await browser.screenshot(size));
        writeFileSync(join(pictures, `consent-${device}-${scheme}.png`), picture);
        if (picture.length > MOST_BYTES) throw new Error(`${picture.length} bytes of a picture`);
        return { note: `${picture.length} bytes` };
      });

  await check('a person refuses', async () => {
    await browser.open(scene.request(clientId).url, light);
    await browser.click('button[value=deny]');
    equal('the error', (await returned('the app hears of it')).get('error'), 'access_denied');
  });
  await check('another site shows the page in a frame', async () => {
    scene.pages.set('/frame', `<iframe src="${scene.request(clientId).url}"></iframe>`);
    await browser.open(`${scene.app}/frame`, light);
    await until('the gateway refuses', () => scene.logs().includes('a part of another page'));
  });
  await check('another site sends the form', async () => {
    await browser.open(scene.request(clientId).url, light);
    const form = await browser.value('document.querySelector("form").outerHTML');
    scene.pages.set('/form', form);
    await browser.open(`${scene.app}/form`, light);
    await browser.click(ALLOW);
    await until('the gateway refuses', () =>
      scene.logs().includes('a consent form of another origin'),
    );
    const heading = 'document.querySelector("h1").textContent';
    await until('a page', async () => (await browser.value(heading)) === 'Please begin again');
  });
  await check('a person allows and logs in, and the app calls', async () => {
    const { url, verifier } = scene.request(clientId);
    await browser.open(url, light);
    await browser.click(ALLOW);
    await arrives('the login form', 'http://127.0.0.1:', 'input[name=user]');
    await browser.click('input[name=user]');
    await browser.type('alice');
    await browser.click('button');
    const code = (await returned('the app gets a code')).get('code');
    equal('the call', await scene.call(clientId, code, verifier), 200);
  });
  await check('the browser remembers the answer', async () => {
    const { url, verifier } = scene.request(clientId);
    await browser.open(url, light);
    const code = (await returned('the app gets a code')).get('code');
    equal('the call', await scene.call(clientId, code, verifier), 200);
  });
  await check('another app has to ask', async () => {
    await browser.open(scene.request(await scene.newLogin('Another app')).url, light);
    equal('the page', await browser.value('document.title'), 'Allow access?');
  });
  if (write) copyFileSync(join(pictures, SHIPPED), join(root, 'docs', 'images', SHIPPED));
} finally {
  for (const end of opened.reverse()) await end();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
finish();
