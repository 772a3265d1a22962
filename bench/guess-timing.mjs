// Measures whether the time of a rejection tells a guesser anything: at the token endpoint of the
// bridge and at an MCP endpoint, over one keep-alive connection on loopback, all kinds interleaved.
import { createHash, generateKeyPairSync, randomBytes, randomInt } from 'node:crypto';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { exitOnSignals } from '../test/fixtures/child.js';
import { gatewayMain, startConfigured } from '../test/fixtures/launch.js';
import { withDeadline } from '../test/fixtures/wait.js';
import { Framer } from './frame.mjs';
import { startOwn } from './processes.mjs';
import { mannWhitney, median, quantile } from './statistics.mjs';

const USAGE = `usage: node bench/guess-timing.mjs [--samples N]

  --samples N   samples of each kind, 3000 when absent (2000 to 100000)

A block has one guess of each kind in random order, each with a fresh id or secret of the same
length. The statistic is the Mann-Whitney U test, two-sided, of each kind against the first one. The
second kind is the first one again: its line shows the noise.

The gateway gives 401 to few failures in a minute, and 429 to the others. So the token endpoint is
measured twice: as it is, and with a clock that runs 30000 times faster, where most answers are 401.`;

const { values } = parseArgs({
  options: {
    samples: { type: 'string', default: '3000' },
    help: { type: 'boolean', default: false },
  },
});
const samples = Number(values.samples);
if (values.help || !Number.isInteger(samples) || samples < 2000 || samples > 100_000) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}

const folder = fileURLToPath(new URL('../.scratch/bench/', import.meta.url));
const WARM_BLOCKS = 1000;
const ANSWER_MS = 5000;
const KEYS = 1000;
/** Hex digits that a key of the third kind shares with the hash of a known key. */
const SHARED_DIGITS = 5;

const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const makeKey = () => randomBytes(32).toString('base64url');
const idOf = (i) => `partner-${String(i).padStart(4, '0')}`;
const anyOf = (list) => list[randomInt(list.length)];
const unknownId = () => `nobodys-${String(randomInt(10_000)).padStart(4, '0')}`;

const known = Array.from({ length: KEYS }, (_, i) => ({ id: idOf(i), key: makeKey() }));
const hashes = new Set(known.map(({ key }) => sha256(key).slice(0, SHARED_DIGITS)));

/** A key that is unknown, but whose hash begins as that of a known one. */
function nearKey() {
  for (;;) {
    const key = makeKey();
    if (hashes.has(sha256(key).slice(0, SHARED_DIGITS))) return key;
  }
}

const octet = () => randomInt(100, 256);
/** As a proxy writes it. Failures of one address are limited. */
const anyAddress = () => `${octet()}.${octet()}.${octet()}.${octet()}`;

const lines = (head, body) =>
  Buffer.from(
    [...head, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n'),
    'latin1',
  );

const FORM = 'grant_type=client_credentials';
const guess = (id, secret) =>
  lines(
    [
      'POST /oauth/token HTTP/1.1',
      'Host: 127.0.0.1',
      `Authorization: Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
      `X-Forwarded-For: ${anyAddress()}`,
      'Content-Type: application/x-www-form-urlencoded',
    ],
    FORM,
  );
const MESSAGE = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
const call = (key) =>
  lines(
    [
      'POST /mcp HTTP/1.1',
      'Host: 127.0.0.1',
      `X-Api-Key: ${key}`,
      'Accept: application/json, text/event-stream',
      'Content-Type: application/json',
    ],
    MESSAGE,
  );

const unknownBoth = () => guess(unknownId(), makeKey());
const GRANTS = {
  'unknown id, wrong secret': unknownBoth,
  'unknown id, wrong secret again': unknownBoth,
  'known id, wrong secret': () => guess(anyOf(known).id, makeKey()),
  'wrong id, right secret': () => guess(unknownId(), anyOf(known).key),
  'id of another key, right secret': () => guess(idOf(0), anyOf(known.slice(1)).key),
};
const unknownKey = () => call(makeKey());
const CALLS = {
  'unknown key': unknownKey,
  'unknown key again': unknownKey,
  [`first ${SHARED_DIGITS} digits of a known hash`]: () => call(nearKey()),
};

/** Sends one request at a time; resolves with the status and the microseconds of each answer. */
async function openClient(port) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let framer = new Framer();
  let answered = () => {};
  let failed = () => {};
  socket.on('data', (chunk) => {
    const at = performance.now();
    const answer = framer.take(chunk);
    if (answer !== null) answered({ at, status: Number(answer.latin1Slice(9, 12)) });
  });
  socket.on('error', (error) => failed(error));
  socket.on('close', () => failed(new Error('the gateway closed the connection')));
  await withDeadline('connects', new Promise((resolve) => socket.once('connect', resolve)));
  return {
    async send(bytes) {
      framer = new Framer();
      const done = new Promise((resolve, reject) => {
        answered = resolve;
        failed = reject;
      });
      const started = performance.now();
      socket.write(bytes);
      const { at, status } = await withDeadline('an answer', done, ANSWER_MS);
      return { status, micros: (at - started) * 1000 };
    },
    close() {
      failed = () => {};
      socket.destroy();
    },
  };
}

function shuffled(list) {
  const all = [...list];
  for (let i = all.length - 1; i > 0; i--) {
    const other = randomInt(i + 1);
    [all[i], all[other]] = [all[other], all[i]];
  }
  return all;
}

/** Times of each kind, of the answers with this status only. */
async function measure(port, kinds, wanted) {
  const names = Object.keys(kinds);
  const times = new Map(names.map((name) => [name, []]));
  const others = new Map();
  let client = await openClient(port);
  const isFull = () => names.every((name) => times.get(name).length >= samples);
  // A few answers have the other status; twice the samples is a bound for all.
  for (let block = 0; block < WARM_BLOCKS + 2 * samples && !isFull(); block++) {
    // The requests are made first, so that their cost is in no sample.
    const requests = shuffled(names).map((name) => ({ name, bytes: kinds[name]() }));
    for (const { name, bytes } of requests) {
      const { status, micros } = await client.send(bytes);
      if (block < WARM_BLOCKS) continue;
      if (status === wanted) times.get(name).push(micros);
      else others.set(status, (others.get(status) ?? 0) + 1);
    }
    if (block % 5000 === 4999) {
      client.close();
      client = await openClient(port);
    }
  }
  client.close();
  if (!isFull())
    throw new Error(`too few answers with ${wanted}; the others: ${JSON.stringify([...others])}`);
  return { times, others };
}

const micros = (value) => value.toFixed(1).padStart(7);

function report(title, { times, others }) {
  const [[firstName, first]] = times;
  const excluded = [...others].map(([status, count]) => `${count} answers with ${status}`);
  const left = excluded.length > 0 ? `; left out: ${excluded.join(', ')}` : '';
  console.log(`\n${title}; ${first.length} samples of each kind at least${left}`);
  for (const [name, own] of times) {
    const [low, high] = [quantile(own, 0.25), quantile(own, 0.75)];
    const about = `median ${micros(median(own))} us, middle half ${micros(low)} to ${micros(high)}`;
    console.log(`  ${name.padEnd(34)} n ${own.length}  ${about}`);
  }
  for (const [name, own] of [...times].slice(1)) {
    const { u, z, p, longer } = mannWhitney(own, first);
    const difference = (median(own) - median(first)).toFixed(2);
    const test = `U ${u.toFixed(0)}, z ${z.toFixed(2)}, p ${p.toFixed(3)}`;
    console.log(
      `  "${name}" against "${firstName}": median difference ${difference} us; ` +
        `Mann-Whitney ${test}; longer in ${(longer * 100).toFixed(1)} % of pairs`,
    );
  }
}

const pem = String(
  generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }),
);

async function withGateway(name, env, upstream, work) {
  const logFile = join(folder, `guess-timing-${name}.log`);
  const apiKeys = known.map(({ id, key }) => [id, { sha256: sha256(key), scopes: ['mcp'] }]);
  const carriers = [{ header: 'X-Api-Key' }];
  const config = {
    trustedProxies: ['127.0.0.1'],
    apiKeys: Object.fromEntries(apiKeys),
    bridge: { keys: ['${env:BRIDGE_KEY}'] },
    endpoints: [{ path: '/mcp', apiKeys: carriers, scopes: ['mcp'], upstream }],
  };
  const gateway = await startConfigured({ logFile, config, env: { BRIDGE_KEY: pem, ...env } });
  try {
    await work(gateway.port);
  } finally {
    await gateway.stop();
    rmSync(logFile);
  }
}

exitOnSignals();
if (!existsSync(gatewayMain)) throw new Error('dist/main.js is missing: run `npm run build` first');
mkdirSync(folder, { recursive: true });
const fastClock = new URL('./fast-clock.mjs', import.meta.url).href;
const upstream = await startOwn('upstream.mjs');
const origin = `http://127.0.0.1:${upstream.port}/mcp`;
try {
  await withGateway('as-it-is', {}, origin, async (port) => {
    report('token endpoint, 429', await measure(port, GRANTS, 429));
    report('MCP endpoint, 401', await measure(port, CALLS, 401));
  });
  const env = { NODE_OPTIONS: `--import=${fastClock}` };
  await withGateway('fast-clock', env, origin, async (port) => {
    report('token endpoint, 401 (fast clock)', await measure(port, GRANTS, 401));
  });
} finally {
  await upstream.stop();
}
