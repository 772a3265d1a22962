// Runs one scenario with a client of any TypeScript SDK and prints a JSON line for each step.
import { createInterface } from 'node:readline';

const STEP_MS = 12_000;
/** A busy machine takes long to load an SDK. */
const CONNECT_MS = 40_000;
const QUIET_MS = 70_000;
const ARRIVES_MS = 5000;

const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function waitForGo() {
  print({ step: 'wait' });
  await input.next();
}

/** Prints the step's result. `work` resolves to the text; a late one is a hang. */
async function step(name, work, ms = STEP_MS) {
  const started = performance.now();
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, text: 'HANGS' }), ms);
  });
  const done = Promise.resolve()
    .then(work)
    .then(
      (text) => ({ ok: true, text: String(text) }),
      (error) => ({ ok: false, text: `${error.name}: ${error.message}` }),
    );
  const result = await Promise.race([done, late]);
  clearTimeout(timer);
  print({ step: name, ...result, ms: Math.round(performance.now() - started) });
  return result.ok;
}

/** The text of a tool's result. A result that says `isError` is an error. */
export function textOf(result) {
  const text = result.content?.map((part) => part.text).join(' ') ?? '';
  if (result.isError) throw new Error(text);
  return text;
}

const scenarios = {
  async basic({ call, list, progress }) {
    await step('list', list);
    await step('call', () => call('echo', { text: 'hello' }));
    await step('progress', async () => {
      await call('slow', {}, true);
      return progress();
    });
    await step('sampling', () => call('ask'));
    await step('ping', () => call('ping_me'));
  },
  async quiet({ call, listen, arrival }) {
    await step('listen', listen);
    await sleep(QUIET_MS);
    const arrived = arrival();
    await step('notify', async () => {
      await call('notify');
      const seen = await Promise.race([arrived.then(() => true), sleep(ARRIVES_MS)]);
      return seen === true ? 'arrived' : 'did not arrive';
    });
  },
  async refused({ call }) {
    for (const name of ['first', 'second', 'third'])
      await step(name, () => call('echo', { text: name }));
  },
  async login({ call }) {
    await step('call', () => call('echo', { text: 'hello' }));
    await waitForGo();
    await step('call again', () => call('echo', { text: 'hello again' }));
    await step('write', () => call('write'));
    await step('write again', () => call('write'));
  },
  async restart({ call }) {
    await step('before', () => call('echo', { text: 'before' }));
    await waitForGo();
    await step('after', () => call('echo', { text: 'after' }));
    await step('after again', () => call('echo', { text: 'after again' }));
  },
};

/** `connect(url, scenario)` resolves to what the scenarios use. */
export async function program(connect) {
  const [url, scenario] = process.argv.slice(2);
  let client;
  const open = async () => {
    client = await connect(url, scenario);
    return client.version;
  };
  if (await step('connect', open, CONNECT_MS)) await scenarios[scenario](client);
  if (client !== undefined) await step('close', () => client.close());
  process.exit(0);
}
