// Checks that real SDK clients log in through a front, and that a legacy session works.
import { fileURLToPath } from 'node:url';
import { withDeadline } from '../../../../test/fixtures/wait.js';
import { runClient } from '../../sdks/driver.mjs';
import { PATHS } from './behind.mjs';
import { callTool, get, post } from './calls.mjs';
import { now } from './wire.mjs';

const CLIENT_MS = 90_000;
const ARRIVAL_MS = 10_000;
const script = (name) => fileURLToPath(new URL(name, import.meta.url));

/** The SDK client of `major` against the server of the same SDK. */
async function sdk({ world, report }, major, scenario) {
  const client = {
    command: process.execPath,
    args: [
      ...(world.variant.http2 ? ['--import', script('fetch-h2.mjs')] : []),
      script(`../../sdks/typescript/client-v${major}.mjs`),
    ],
  };
  const steps = await runClient(
    { name: `sdk-${major}`, client },
    `${world.origin}${PATHS[`v${major}`]}`,
    scenario,
    {
      folder: world.folder,
      label: scenario,
      token: scenario === 'login' ? undefined : world.tokens[`v${major}`],
      env: { NODE_EXTRA_CA_CERTS: world.certificate.cert },
      ms: CLIENT_MS,
    },
  );
  const bad = steps.filter(({ ok }) => !ok);
  const seen = bad.length === 0 ? steps.map(({ step }) => step).join(', ') : JSON.stringify(bad);
  report(`SDK ${major}.x, ${scenario}`, bad.length === 0 && steps.length > 2, seen);
}

/** A session of a legacy revision: its GET stream gets what the server sends by itself. */
async function session({ world, client, report }) {
  const params = {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'fronts', version: '1' },
  };
  const opened = await client.call(post(world, 'v1', { method: 'initialize', params }));
  const id = opened.headers?.['mcp-session-id'];
  if (id === undefined)
    return report('legacy session', false, `${opened.status} ${opened.error ?? opened.body}`);
  const headers = { 'mcp-session-id': id };
  const initialized = { id: undefined, method: 'notifications/initialized' };
  await client.call(post(world, 'v1', initialized, { headers }));
  const leaving = new AbortController();
  let sentAt;
  const startedAt = now();
  const arrived = new Promise((resolve) => {
    const onData = (chunk, at) =>
      chunk.includes('list_changed') && resolve(`${(at - sentAt).toFixed(0)} ms`);
    let headAt;
    const onHead = async (state) => {
      headAt = state.headAt;
      sentAt = now();
      await client.call(callTool(world, 'v1', 'notify', { headers }));
    };
    const listening = get(world, 'v1', {
      headers,
      onHead,
      onData,
      endOn: leaving.signal,
      ms: 60_000,
    });
    client.call(listening).then((state) => resolve(`no event: ${state.status} ${state.error}`));
    setTimeout(
      () =>
        resolve(
          `no event; head ${headAt === undefined ? 'missing' : `after ${(headAt - startedAt).toFixed(0)} ms`}`,
        ),
      ARRIVAL_MS,
    ).unref();
  });
  const seen = await withDeadline('the event of the GET stream', arrived, 2 * ARRIVAL_MS);
  leaving.abort();
  return report('legacy session: an event of the GET stream', seen.endsWith(' ms'), seen);
}

export async function checkLogin(context) {
  for (const major of [1, 2])
    for (const scenario of ['login', 'basic']) await sdk(context, major, scenario);
  await session(context);
}
