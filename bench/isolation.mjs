// Measures whether the trouble of one tenant reaches another: the upstream of tenant A is stalled
// with its pool full, and the identity provider of A hangs. The calls of tenant B are timed without
// and with that trouble, in interleaved slices of one gateway.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitOnSignals } from '../test/fixtures/child.js';
import { leasePort, startConfigured, startLoopback } from '../test/fixtures/launch.js';
import { startIssuer } from '../test/fixtures/signing-issuer.js';
import { until } from '../test/fixtures/wait.js';
import { requestBytes } from './json-call.mjs';
import { startOwn } from './processes.mjs';
import { sliceOptions } from './slices.mjs';
import { median, quantile } from './statistics.mjs';

const USAGE = `usage: node bench/isolation.mjs [--rounds N] [--seconds S] [--main MAIN]

  --rounds N    rounds of one quiet and one troubled slice, 12 when absent
  --seconds S   length of a slice, 0.6 when absent
  --main MAIN   the main.js of a build; dist/main.js when absent

Each client of A sends again 250 ms after a rejection.`;

const POOL = 64;
/** Clients of A: with a good token, with an opaque token, and with a key id that is not known. */
const CLIENTS_OF_A = { good: 2 * POOL, opaque: 32, 'unknown key': 32 };
const PAUSE_AFTER_REJECTION_MS = 250;
const B = { connections: 8, pauseMs: 4 };
const SLICE_SLACK_MS = 20_000;
/** Longer than each time limit of a call of A, so that its clients are rejected and call again. */
const SETTLE_MS = 2_500;
const folder = fileURLToPath(new URL('../.scratch/bench/', import.meta.url));

/** The identity provider of A: while `hangs`, its keys and its introspection never answer. */
async function startProviderOfA() {
  const keys = await startIssuer();
  const document = async (path) => (await fetch(`${keys.issuer}${path}`)).text();
  const jwks = await document('/jwks');
  const state = { hangs: false };
  const front = await startLoopback((req, res) => {
    if (state.hangs) return;
    const isKeys = req.url === '/jwks';
    req.resume();
    res.writeHead(200, { 'content-type': 'application/json' });
    res.end(isKeys ? jwks : JSON.stringify({ active: false }));
  });
  const close = () => Promise.all([keys.close(), front.close()]);
  return { issuer: keys.issuer, mint: keys.mint, url: front.url, state, close };
}

function configuration({ a, b, upstreams, adminPort }) {
  const endpoint = (name, upstream) => ({
    path: `/${name}/mcp`,
    issuers: [name],
    scopes: ['mcp'],
    upstream: { url: upstream, maxConcurrentRequests: POOL },
  });
  const introspection = {
    url: `${a.url}/introspect`,
    clientId: 'gateway',
    clientSecret: '${env:BENCH_SECRET}',
  };
  return {
    admin: { host: '127.0.0.1', port: adminPort },
    issuers: {
      a: { issuer: a.issuer, jwksUri: `${a.url}/jwks`, introspection },
      b: { issuer: b.issuer },
    },
    endpoints: [endpoint('a', upstreams.a), endpoint('b', upstreams.b)],
  };
}

/** A token whose key id the provider does not publish. */
function withUnknownKey(token) {
  const [head, ...rest] = token.split('.');
  const header = JSON.parse(Buffer.from(head, 'base64url').toString());
  const text = JSON.stringify({ ...header, kid: 'unknown' });
  return [Buffer.from(text).toString('base64url'), ...rest].join('.');
}

const bytesFor = (port, name, token) =>
  requestBytes(port, `Authorization: Bearer ${token}`).replace('POST /mcp', `POST /${name}/mcp`);

async function measure({ gateway, admin, a, b, load, trouble }) {
  const { port } = gateway;
  const audience = (name) => `http://127.0.0.1:${port}/${name}/mcp`;
  const good = await a.mint(audience('a'));
  const tokens = { good, opaque: 'opaque-token-of-a', 'unknown key': withUnknownKey(good) };
  const ordersOfA = Object.entries(CLIENTS_OF_A).map(([kind, connections]) => ({
    port,
    request: bytesFor(port, 'a', tokens[kind]),
    connections,
    pauseMs: PAUSE_AFTER_REJECTION_MS,
  }));
  const orderOfB = { port, request: bytesFor(port, 'b', await b.mint(audience('b'))), ...B };
  const inUse = async () => {
    const status = await (await fetch(`${admin}/status`)).json();
    return status.endpoints.find(({ name }) => name === '/a/mcp').inUse;
  };
  async function begin() {
    a.state.hangs = true;
    await trouble.ask({ begin: ordersOfA }, SLICE_SLACK_MS);
    await until('the pool of A is full', async () => (await inUse()) === POOL, SLICE_SLACK_MS);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  }
  async function end() {
    a.state.hangs = false;
    const { statuses } = await trouble.ask({ end: true }, SLICE_SLACK_MS);
    await until('the pool of A is empty', async () => (await inUse()) === 0, SLICE_SLACK_MS);
    return statuses;
  }
  const slice = async () => {
    const order = { measure: { ...orderOfB, seconds: values.seconds } };
    const { times, bad, error } = await load.ask(order, SLICE_SLACK_MS);
    if (error !== undefined) throw new Error(error);
    if (bad > 0) throw new Error(`${bad} calls of B failed`);
    return times;
  };
  await slice();
  const slices = { quiet: [], troubled: [] };
  const seen = {};
  for (let round = 0; round < values.rounds; round += 1) {
    if (round % 2 === 0) slices.quiet.push(await slice());
    await begin();
    slices.troubled.push(await slice());
    for (const [status, number] of Object.entries(await end()))
      seen[status] = (seen[status] ?? 0) + number;
    if (round % 2 === 1) slices.quiet.push(await slice());
  }
  return { slices, seen };
}

function report({ slices, seen }) {
  const figures = (share) =>
    Object.fromEntries(
      Object.entries(slices).map(([name, all]) => [
        name,
        median(all.map((times) => quantile(times, share))),
      ]),
    );
  const calls = Object.entries(slices).map(
    ([name, all]) => `${all.reduce((sum, times) => sum + times.length, 0)} ${name}`,
  );
  console.log(`calls of B: ${calls.join(', ')}; all answered 200`);
  console.log(`answers to A under trouble: ${JSON.stringify(seen)}`);
  for (const [share, limit] of [
    [0.5, 1.3],
    [0.9, 2],
  ]) {
    const { quiet, troubled } = figures(share);
    const texts = [quiet, troubled].map((ms) => `${ms.toFixed(2)} ms`);
    const ratio = (troubled / quiet).toFixed(2);
    console.log(`p${share * 100}: ${texts.join(' -> ')}, ${ratio} x (aim: at most ${limit} x)`);
  }
}

const values = sliceOptions(USAGE);
exitOnSignals();
if (!existsSync(values.main)) throw new Error('main.js is missing: run `npm run build` first');
mkdirSync(folder, { recursive: true });
const opened = [];
try {
  const [a, b] = [await startProviderOfA(), await startIssuer()];
  // It reads nothing and answers nothing.
  const stalled = await startLoopback(() => {});
  const upstream = await startOwn('upstream.mjs');
  const [load, trouble] = [await startOwn('latency.mjs'), await startOwn('latency.mjs')];
  const lease = await leasePort();
  opened.push(a.close, b.close, stalled.close, upstream.stop, load.stop, trouble.stop);
  opened.push(lease.release);
  const upstreams = { a: `${stalled.url}/mcp`, b: `http://127.0.0.1:${upstream.port}/mcp` };
  const config = configuration({ a, b, upstreams, adminPort: lease.port });
  const logFile = join(folder, 'isolation.log');
  const env = { BENCH_SECRET: 'bench' };
  const gateway = await startConfigured({ main: values.main, logFile, config, env });
  opened.push(gateway.stop);
  const admin = `http://127.0.0.1:${lease.port}`;
  report(await measure({ gateway, admin, a, b, load, trouble }));
  rmSync(logFile);
} finally {
  for (const close of opened.reverse()) await close();
}
