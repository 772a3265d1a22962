// Drives Debian's Chromium without a window, by the DevTools protocol over two pipes.
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { cleanEnvironment } from '../../../test/fixtures/launch.js';
import { until, withDeadline } from '../../../test/fixtures/wait.js';
import { libraryPath, unpack } from '../idps/debian.mjs';

const ANSWER_MS = 30_000;
const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome'];

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The program of the PATH, or the one of Debian's package, unpacked into the cache. */
export async function findChromium(cache) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = PROGRAMS.flatMap((name) => folders.map((folder) => join(folder, name))).find(
    isProgram,
  );
  if (found !== undefined) return { command: found, env: {} };
  const home = await unpack(cache, ['chromium', 'chromium-common', 'fonts-dejavu-core']);
  return {
    command: join(home, 'usr/lib/chromium/chromium'),
    env: libraryPath(home, ['pulseaudio']),
  };
}

/** Reads messages that end with a zero byte. */
function readMessages(stream, take) {
  let rest = Buffer.alloc(0);
  stream.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
      take(JSON.parse(rest.subarray(0, end).toString()));
      rest = rest.subarray(end + 1);
    }
  });
}

/** Starts the browser with one page. `more`: further arguments. */
export async function startChromium({ command, env }, more = []) {
  const profile = mkdtempSync(join(tmpdir(), 'portcullis-chromium-'));
  const args = [
    '--headless=new',
    '--remote-debugging-pipe',
    `--user-data-dir=${profile}`,
    '--no-first-run',
    '--disable-gpu',
    '--hide-scrollbars',
    // Root runs it in containers.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ...more,
    'about:blank',
  ];
  const stdio = ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'];
  const child = spawn(command, args, { env: { ...cleanEnvironment(), ...env }, stdio });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = new Promise((_resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => reject(new Error('Chromium ended by itself')));
  });
  ended.catch(() => {});
  const [input, output] = [child.stdio[3], child.stdio[4]];
  input.on('error', () => {});
  const waiting = new Map();
  const events = [];
  let lastId = 0;
  let session;
  readMessages(output, (message) => {
    const { id, method, result, error } = message;
    if (method !== undefined) events.push(message);
    const settle = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) settle?.resolve(result);
    else settle?.reject(new Error(error.message));
  });
  function send(method, params = {}) {
    const id = ++lastId;
    const answer = new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    const to = session === undefined ? {} : { sessionId: session };
    input.write(`${JSON.stringify({ id, method, params, ...to })}\0`);
    return withDeadline(`Chromium answers ${method}`, Promise.race([answer, ended]), ANSWER_MS);
  }
  const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
  const attached = await send('Target.attachToTarget', { targetId, flatten: true });
  session = attached.sessionId;
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await send(`${domain}.enable`);
  return {
    version: async () => (await send('Browser.getVersion')).product,
    /** Loads a page. Resolves to the messages of the console, and to the requested URLs. */
    async open(url, { width, height, scheme }) {
      const size = { width, height, deviceScaleFactor: 1, mobile: width < 600 };
      await send('Emulation.setDeviceMetricsOverride', size);
      const features = [{ name: 'prefers-color-scheme', value: scheme }];
      await send('Emulation.setEmulatedMedia', { features });
      events.length = 0;
      await send('Page.navigate', { url });
      const of = (name) => events.filter(({ method }) => method === name);
      await until(`${url} is loaded`, () => of('Page.loadEventFired').length > 0, ANSWER_MS);
      const said = [...of('Log.entryAdded'), ...of('Runtime.consoleAPICalled')];
      const thrown = of('Runtime.exceptionThrown');
      return {
        console: [...said, ...thrown].map(({ params }) => JSON.stringify(params)),
        urls: of('Network.requestWillBeSent').map(({ params }) => params.request.url),
      };
    },
    /** The value of an expression in the page. */
    async value(expression) {
      const { result, exceptionDetails } = await send('Runtime.evaluate', {
        expression,
        returnByValue: true,
      });
      if (exceptionDetails !== undefined) throw new Error(exceptionDetails.text);
      return result.value;
    },
    /** Presses the mouse button on the first element that fits a selector. */
    async click(selector) {
      const { x, y, width, height } = await this.value(
        `document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect().toJSON()`,
      );
      const place = { x: x + width / 2, y: y + height / 2, button: 'left', clickCount: 1 };
      for (const type of ['mousePressed', 'mouseReleased'])
        await send('Input.dispatchMouseEvent', { type, ...place });
    },
    /** Types into the element that has the focus. */
    type: (text) => send('Input.insertText', { text }),
    async screenshot({ width, height }) {
      const clip = { x: 0, y: 0, width, height, scale: 1 };
      const options = { format: 'png', captureBeyondViewport: true, clip };
      return Buffer.from((await send('Page.captureScreenshot', options)).data, 'base64');
    },
    async stop() {
      child.kill('SIGKILL');
      await ended.catch(() => {});
      process.off('exit', kill);
      // Its child processes end a little later, and still write.
      rmSync(profile, { recursive: true, force: true, maxRetries: 20 });
    },
  };
}
