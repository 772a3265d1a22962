// Measures the cost of a hot API key and of a hot bridge token beside that of a hot JWT: the same
// build and the same call, in one interleaved run.
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitOnSignals } from '../test/fixtures/child.js';
import { startConfigured } from '../test/fixtures/launch.js';
import { startIssuer } from '../test/fixtures/signing-issuer.js';
import { compare, table } from './compare.mjs';
import { requestBytes } from './json-call.mjs';
import { startOwn } from './processes.mjs';
import { checkRejection, sliceOptions } from './slices.mjs';
import { median } from './statistics.mjs';

const USAGE = `usage: node bench/credentials.mjs [--starts N] [--rounds N] [--seconds S] [--main MAIN]

  --starts N    starts of all gateways, 3 when absent: two processes of one build differ
  --rounds N    rounds of one slice per target and start, 12 when absent
  --seconds S   length of a slice, 0.6 when absent
  --main MAIN   the main.js of a build; dist/main.js when absent

Each target is a gateway of its own. "hot JWT again" has the same configuration as "hot JWT": its
ratio shows the noise of the run.`;

const BASE = 'hot JWT';
const folder = fileURLToPath(new URL('../.scratch/bench/', import.meta.url));
const say = (line) => console.log(`- ${line}`);

const values = sliceOptions(USAGE);
const { starts, rounds, seconds } = values;

/** Random keys beside the measured one. A map of many entries costs more than one of one. */
const OTHERS = 1000;
const entry = (key) => ({
  sha256: createHash('sha256').update(key).digest('hex'),
  scopes: ['mcp'],
});
const makeKey = (prefix = '') => prefix + randomBytes(32).toString('base64url');

function keysConfig(upstream, key, more = {}) {
  const others = Array.from({ length: OTHERS }, (_, i) => [`other-${i}`, entry(makeKey())]);
  const apiKeys = [{ header: 'X-Api-Key' }, { bearerPrefix: 'sk_live_' }];
  return {
    apiKeys: { partner: entry(key), ...Object.fromEntries(others) },
    endpoints: [{ path: '/mcp', apiKeys, scopes: ['mcp'], upstream }],
    ...more,
  };
}

/** The token of a grant at the bridge of this gateway. */
async function grantedToken(port, key) {
  const basic = Buffer.from(`partner:${key}`).toString('base64');
  const response = await fetch(`http://127.0.0.1:${port}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(`the grant got ${response.status}: ${await response.text()}`);
  return (await response.json()).access_token;
}

/** Each target: its configuration, and the header line of its calls. */
function plans(upstream, issuer) {
  const jwt = {
    config: {
      issuers: { main: { issuer: issuer.issuer } },
      endpoints: [{ path: '/mcp', issuers: ['main'], scopes: ['mcp'], upstream }],
    },
    credential: async ({ url }) => `Authorization: Bearer ${await issuer.mint(url)}`,
  };
  const [key, prefixed] = [makeKey(), makeKey('sk_live_')];
  const pem = (type, options) =>
    generateKeyPairSync(type, options).privateKey.export({ format: 'pem', type: 'pkcs8' });
  const bridge = { bridge: { keys: ['${env:BRIDGE_KEY}'] } };
  const bridged = (BRIDGE_KEY) => ({
    config: keysConfig(upstream, key, bridge),
    env: { BRIDGE_KEY },
    credential: async ({ port }) => `Authorization: Bearer ${await grantedToken(port, key)}`,
  });
  return {
    [BASE]: jwt,
    'hot JWT again': jwt,
    'API key in a header': {
      config: keysConfig(upstream, key),
      credential: () => `X-Api-Key: ${key}`,
    },
    'API key by prefix': {
      config: keysConfig(upstream, prefixed),
      credential: () => `Authorization: Bearer ${prefixed}`,
    },
    'bridge token, EdDSA': bridged(pem('ed25519')),
    'bridge token, ES256': bridged(pem('ec', { namedCurve: 'P-256' })),
  };
}

async function measure(load, upstream, issuer) {
  const opened = [];
  try {
    const targets = [];
    for (const [name, { config, env, credential }] of Object.entries(plans(upstream, issuer))) {
      const logFile = join(folder, `credentials-${name.replaceAll(/[ ,]+/g, '-')}.log`);
      const gateway = await startConfigured({ main: values.main, logFile, config, env });
      opened.push(async () => {
        await gateway.stop();
        rmSync(logFile);
      });
      await checkRejection(load, name, gateway.port);
      const request = requestBytes(gateway.port, await credential(gateway));
      const { port, pid } = gateway;
      targets.push({ name, port, pid, request });
    }
    return await compare(load, targets, { rounds, seconds, say, base: BASE });
  } finally {
    for (const close of opened.reverse()) await close();
  }
}

exitOnSignals();
if (!existsSync(values.main)) throw new Error('main.js is missing: run `npm run build` first');
mkdirSync(folder, { recursive: true });
const issuer = await startIssuer();
const upstream = await startOwn('upstream.mjs');
const load = await startOwn('load.mjs');
const ratios = new Map();
try {
  say(`JSON call, 32 connections, ${OTHERS} keys beside the measured one; ${starts} starts`);
  for (let start = 1; start <= starts; start++) {
    const rows = await measure(load, `http://127.0.0.1:${upstream.port}/mcp`, issuer);
    console.log(`\nstart ${start} of ${starts}\n${table(rows, BASE)}\n`);
    for (const { name, cpuRatio } of rows)
      ratios.set(name, [...(ratios.get(name) ?? []), cpuRatio]);
  }
} finally {
  await Promise.all([issuer.close(), upstream.stop(), load.stop()]);
}
for (const [name, all] of [...ratios].slice(1)) {
  const each = all.map((value) => value.toFixed(3)).join(', ');
  console.log(`${name}: ${median(all).toFixed(3)} × the CPU of a ${BASE} (starts: ${each})`);
}
