// Measures the cost of each credential for the upstream at a hot call, beside no credential: the
// same build and the same call, in one interleaved run.
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitOnSignals } from '../test/fixtures/child.js';
import { startConfigured, startLoopback } from '../test/fixtures/launch.js';
import { startIssuer } from '../test/fixtures/signing-issuer.js';
import { compare, table } from './compare.mjs';
import { requestBytes } from './json-call.mjs';
import { startOwn } from './processes.mjs';
import { checkRejection, sliceOptions } from './slices.mjs';
import { median } from './statistics.mjs';

const USAGE = `usage: node bench/upstream-credentials.mjs [--starts N] [--rounds N] [--seconds S]
                                           [--only KIND,...] [--main MAIN]

  --starts N    starts of all gateways, 3 when absent: two processes of one build differ
  --rounds N    rounds of one slice per target and start, 12 when absent
  --seconds S   length of a slice, 0.6 when absent
  --only KINDS  some of the targets, by name; all when absent
  --main MAIN   the main.js of a build; dist/main.js when absent

Each target is a gateway of its own. "none again" has the same configuration as "none": its ratio
shows the noise of the run. The exit code is 1 where a target misses its ratio.`;

const BASE = 'none';
/** Requests per second, as a part of those of "none". */
const LEAST = { static: 0.98, identity: 0.95, 'identity EdDSA': 0.95, exchange: 0.95 };
const folder = fileURLToPath(new URL('../.scratch/bench/', import.meta.url));
const say = (line) => console.log(`- ${line}`);

const values = sliceOptions(USAGE, { only: { type: 'string' } });
const { starts, rounds, seconds } = values;

const pem = (type, options) =>
  generateKeyPairSync(type, options).privateKey.export({ format: 'pem', type: 'pkcs8' });

/** Gives the bench's own token for any token. `exchanges` counts its answers. */
async function startExchange(issuer) {
  const counter = { exchanges: 0 };
  const token = await issuer.mint('files-backend');
  const server = await startLoopback((req, res) => {
    req.resume();
    counter.exchanges += 1;
    res.writeHead(200, { 'Content-Type': 'application/json' });
    res.end(
      JSON.stringify({
        access_token: token,
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
        expires_in: 3600,
      }),
    );
  });
  return { ...server, counter };
}

/** Each target: what its upstream has besides the URL, and the variables of the gateway. */
function plans(exchangeUrl) {
  const identity = { kind: 'identity', audience: 'files-backend' };
  const ring = { root: { identity: { keys: ['${env:IDENTITY_KEY}'] } } };
  const client = { clientId: 'portcullis', clientSecret: '${env:CLIENT_SECRET}' };
  const env = { CLIENT_SECRET: 'a-secret-of-the-bench' };
  return {
    [BASE]: {},
    'none again': {},
    static: {
      upstream: { credential: { kind: 'static', authorization: '${env:UPSTREAM_TOKEN}' } },
      env: { UPSTREAM_TOKEN: 'Bearer a-fixed-token-of-the-upstream' },
    },
    // As long as a token. The rest of the cost of a token is the gateway's own work.
    'static long': {
      upstream: { credential: { kind: 'static', authorization: '${env:UPSTREAM_TOKEN}' } },
      env: { UPSTREAM_TOKEN: `Bearer ${'long-token'.repeat(80)}` },
    },
    headers: {
      upstream: { headers: { 'X-User': '{subject}', 'X-Client': '{client}', 'X-Gate': 'yes' } },
    },
    identity: {
      ...ring,
      upstream: { credential: identity },
      env: { IDENTITY_KEY: pem('ec', { namedCurve: 'P-256' }) },
    },
    'identity EdDSA': {
      ...ring,
      upstream: { credential: identity },
      env: { IDENTITY_KEY: pem('ed25519') },
    },
    exchange: {
      upstream: {
        credential: {
          kind: 'exchange',
          audience: 'files-backend',
          tokenUrl: `${exchangeUrl}/token`,
          ...client,
        },
      },
      env,
    },
    'client-credentials': {
      upstream: {
        credential: {
          kind: 'client-credentials',
          audience: 'files-backend',
          tokenUrl: `${exchangeUrl}/token`,
          ...client,
        },
      },
      env,
    },
  };
}

function chosenPlans(exchangeUrl) {
  const all = plans(exchangeUrl);
  if (values.only === undefined) return all;
  const wanted = [BASE, ...values.only.split(',').map((name) => name.trim())];
  const unknown = wanted.filter((name) => !(name in all));
  if (unknown.length > 0) throw new Error(`--only: ${unknown} is not one of ${Object.keys(all)}`);
  return Object.fromEntries(wanted.map((name) => [name, all[name]]));
}

async function measure(load, upstream, { issuer, exchange }) {
  const opened = [];
  try {
    const targets = [];
    const { counter } = exchange;
    const chosen = chosenPlans(exchange.url);
    for (const [name, { root, upstream: more, env }] of Object.entries(chosen)) {
      const logFile = join(folder, `upstream-${name.replaceAll(' ', '-')}.log`);
      const config = {
        issuers: { main: { issuer: issuer.issuer } },
        endpoints: [
          {
            path: '/mcp',
            issuers: ['main'],
            scopes: ['mcp'],
            upstream: { url: upstream, ...more },
          },
        ],
        ...root,
      };
      const gateway = await startConfigured({ main: values.main, logFile, config, env });
      opened.push(async () => {
        await gateway.stop();
        rmSync(logFile);
      });
      const { port, pid, url } = gateway;
      await checkRejection(load, name, port);
      const request = requestBytes(port, `Authorization: Bearer ${await issuer.mint(url)}`);
      targets.push({ name, port, pid, request });
    }
    counter.exchanges = 0;
    const rows = await compare(load, targets, { rounds, seconds, say, base: BASE });
    const tokens = ['exchange', 'client-credentials'].filter((name) => name in chosen).length;
    // A cached token causes one request, and a refresh ahead another one.
    if (counter.exchanges > 2 * tokens)
      throw new Error(`${counter.exchanges} requests for ${tokens} cached tokens`);
    return rows;
  } finally {
    for (const close of opened.reverse()) await close();
  }
}

exitOnSignals();
// Each process of the run listens for the end of this one.
process.setMaxListeners(32);
if (!existsSync(values.main)) throw new Error('main.js is missing: run `npm run build` first');
mkdirSync(folder, { recursive: true });
const issuer = await startIssuer();
const exchange = await startExchange(issuer);
const upstream = await startOwn('upstream.mjs');
const load = await startOwn('load.mjs');
const ratios = new Map();
try {
  say(`JSON call, 32 connections; ${starts} starts`);
  for (let start = 1; start <= starts; start++) {
    const url = `http://127.0.0.1:${upstream.port}/mcp`;
    const rows = await measure(load, url, { issuer, exchange });
    console.log(`\nstart ${start} of ${starts}\n${table(rows, BASE)}\n`);
    for (const { name, rateRatio, cpuRatio } of rows)
      ratios.set(name, [...(ratios.get(name) ?? []), { rateRatio, cpuRatio }]);
  }
} finally {
  await Promise.all([issuer.close(), exchange.close(), upstream.stop(), load.stop()]);
}
for (const [name, all] of [...ratios].slice(1)) {
  const rates = all.map(({ rateRatio }) => rateRatio);
  const rate = median(rates);
  const least = LEAST[name];
  const isMissed = least !== undefined && rate < least;
  if (isMissed) process.exitCode = 1;
  const wanted = least === undefined ? '' : `, at least ${least}${isMissed ? ': MISSED' : ''}`;
  const each = rates.map((value) => value.toFixed(3)).join(', ');
  const cpu = median(all.map(({ cpuRatio }) => cpuRatio)).toFixed(3);
  console.log(`${name}: ${rate.toFixed(3)} × the rate of ${BASE}${wanted} (starts: ${each})`);
  console.log(`  ${cpu} × its CPU`);
}
