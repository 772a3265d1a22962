// Checks that clients of the SDKs get each event exactly once while the replicas restart.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startChild } from '../../../../test/fixtures/child.js';
import { cleanEnvironment } from '../../../../test/fixtures/launch.js';
import { withDeadline } from '../../../../test/fixtures/wait.js';
import { PATHS } from './behind.mjs';
import { problemOf } from './numbered.mjs';

const START_MS = 90_000;
/** An SDK tries again after 1 s and 1.5 s. */
const RESUME_MS = 30_000;
const script = (name) => fileURLToPath(new URL(name, import.meta.url));
const first = (texts) => [...new Set(texts)].slice(0, 3).join('; ');

function createHolders(world) {
  const waiting = [];
  const args = [
    ...(world.variant.http2 ? ['--import', script('fetch-h2.mjs')] : []),
    script('holders.mjs'),
    `${world.origin}${PATHS.numbers}`,
  ];
  const child = startChild(process.execPath, args, {
    ipc: true,
    logFile: join(world.folder, 'holders.log'),
    env: {
      ...cleanEnvironment(),
      TOKEN: world.tokens.numbers,
      NODE_EXTRA_CA_CERTS: world.certificate.cert,
    },
  });
  child.process.on('message', (message) => waiting.shift()?.(message));
  const next = () => new Promise((resolve) => waiting.push(resolve));
  /** Sends a message and resolves with the answer. */
  const ask = (message) => {
    const answer = next();
    child.process.send(message);
    return withDeadline(`the clients answer ${message}`, answer, START_MS);
  };
  return { child, ask, ready: withDeadline('the clients hold streams', next(), START_MS) };
}

function reportLegacy(report, { numbers, resumed }, sent) {
  const sessions = Object.entries(numbers);
  const bad = sessions.flatMap(([name, list]) => {
    const problem = problemOf(list, sent[name]);
    return problem === null ? [] : [`${name}: ${problem}`];
  });
  const events = Object.values(sent).reduce((sum, count) => sum + count, 0);
  report(
    'GET streams resume',
    bad.length === 0 && resumed >= sessions.length,
    `${events} events to ${sessions.length} clients, ${resumed} times resumed ${bad.slice(0, 4).join('; ')}`.trim(),
  );
}

/** Starts the clients. `check` reports after the restarts. */
export async function holdStreams({ world, servers }) {
  await fetch(`${servers.numbers.origin}/start`);
  const { child, ask, ready } = createHolders(world);
  try {
    await ready;
  } catch (error) {
    await child.end();
    throw error;
  }
  async function check(report) {
    const sent = await (await fetch(`${servers.numbers.origin}/stop`)).json();
    const end = performance.now() + RESUME_MS;
    let state = await ask('count');
    const isBehind = () =>
      Object.entries(state.numbers).some(([name, { length }]) => length < sent[name]);
    while (isBehind() && performance.now() < end) {
      await sleep(500);
      state = await ask('count');
    }
    state = await ask('stop');
    await child.end();
    const own = Object.fromEntries(Object.keys(state.numbers).map((name) => [name, sent[name]]));
    reportLegacy(report, state, own);
    const { calls, lists } = state;
    report(
      'calls with a stream',
      calls.bad.length === 0 && calls.done > 0,
      `${calls.done} whole, ${calls.events} progress messages ${first(calls.bad)}`.trim(),
    );
    report(
      'subscriptions',
      lists.bad.length === 0 && lists.ended > 0,
      `${lists.ended} ended and opened again, ${lists.events} events ${first(lists.bad)}`.trim(),
    );
  }
  return { check };
}
