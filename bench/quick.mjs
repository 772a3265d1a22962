// Measures the cost of the gateway in one run: a JSON call with a hot token through it, against a
// floor that checks nothing.
import { execFileSync } from 'node:child_process';
import { createReadStream, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { exitOnSignals } from '../test/fixtures/child.js';
import { gatewayMain, startGateway } from '../test/fixtures/launch.js';
import { startIssuer } from '../test/fixtures/signing-issuer.js';
import { compare, table } from './compare.mjs';
import { requestBytes } from './json-call.mjs';
import { startOwn, whileKept } from './processes.mjs';
import { checkRejection } from './slices.mjs';

const USAGE = `usage: npm run bench -- --quick [--rounds N] [--seconds S] [--node PATH] [--old MAIN]

  --rounds N    rounds of one slice per target, 12 when absent
  --seconds S   length of a slice, 0.6 when absent
  --node PATH   the Node that runs the gateway and the floor; this one when absent
  --old MAIN    the main.js of an older build, to measure it in turns with this one

Compare ratios, never requests per second: those are of this machine in this minute.`;

const MOST_ROUNDS = 200;
const MOST_SECONDS = 10;
const folder = fileURLToPath(new URL('../.scratch/bench/', import.meta.url));
const logFile = join(folder, 'gateway.log');
const say = (line) => console.log(`- ${line}`);

function parsed(config) {
  try {
    return parseArgs(config);
  } catch (error) {
    console.error(`${error.message}\n\n${USAGE}`);
    process.exit(2);
  }
}

function readArguments() {
  const options = {
    rounds: { type: 'string', default: '12' },
    seconds: { type: 'string', default: '0.6' },
    node: { type: 'string', default: process.execPath },
    old: { type: 'string' },
    help: { type: 'boolean', default: false },
  };
  const { values } = parsed({ options });
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
  const right =
    Number.isInteger(rounds) &&
    rounds >= 1 &&
    rounds <= MOST_ROUNDS &&
    seconds >= 0.1 &&
    seconds <= MOST_SECONDS;
  if (values.help || !right) {
    console.error(USAGE);
    process.exit(values.help ? 0 : 2);
  }
  return { ...values, rounds, seconds };
}

/** Ten rules for a call of `json`; two of them name it. */
const tools = {
  default: 'allow',
  rules: [
    { tool: 'write_*', scopes: ['files:write'] },
    { tool: 'admin_*', claim: 'roles', has: 'admin' },
    { tool: 'drop_table', deny: true },
    { tool: '*_delete', deny: true },
    { tool: 'j*', scopes: ['mcp'] },
    { tool: 'beta_*', claim: 'beta', has: true },
    { tool: 'exec*', deny: true },
    { tool: 'a*b*c', deny: true },
    { tool: 'list_*' },
    { tool: '*' },
  ],
};

/** A gateway that does not log would be fast. So each answer must have its line. */
async function checkLog(answers) {
  let lines = 0;
  for await (const chunk of createReadStream(logFile))
    for (const byte of chunk) if (byte === 10) lines += 1;
  if (lines < answers)
    throw new Error(`the gateway wrote ${lines} lines for ${answers} answers; see ${logFile}`);
  rmSync(logFile);
  say(`the gateway wrote ${lines} log lines for ${answers} answers`);
}

function measure({ node, rounds, seconds, old }) {
  return whileKept(async (keep) => {
    const issuer = keep(await startIssuer());
    const upstream = keep(await startOwn('upstream.mjs'));
    const origin = `http://127.0.0.1:${upstream.port}`;
    const floor = keep(await startOwn('floor.mjs', { node, args: [origin] }));
    const load = keep(await startOwn('load.mjs'));
    const options = { node, upstream: `${origin}/mcp`, issuer: issuer.issuer, scope: 'mcp' };
    const target = (name, { port, pid }, token) => ({
      name,
      port,
      pid,
      // The floor gets the token too: it is the same request.
      request: requestBytes(port, `Authorization: Bearer ${token}`),
    });
    const throughGateway = async (name, more) => {
      const log = name === 'gateway' ? logFile : `${logFile}.${name.replaceAll(' ', '-')}`;
      const started = keep(await startGateway({ ...options, logFile: log, ...more }));
      await checkRejection(load, name, started.port);
      return { ...target(name, started, await issuer.mint(started.url)), stop: started.stop };
    };
    const through = await throughGateway('gateway');
    const ruled = await throughGateway('ten rules', { tools });
    const older = [];
    if (old !== undefined) {
      older.push(await throughGateway('old gateway', { main: old }));
      older.push(await throughGateway('old ten rules', { main: old, tools }));
      for (const own of [through, ruled]) own.against = `old ${own.name}`;
    }
    const token = await issuer.mint(origin);
    const direct = [target('upstream directly', upstream, token), target('floor', floor, token)];
    const targets = [...direct, through, ruled, ...older];
    const rows = await compare(load, targets, { rounds, seconds, say });
    // The gateway ends before the count of its log lines: it writes them in blocks.
    await through.stop();
    await checkLog(through.answers);
    return rows;
  });
}

async function main(options) {
  exitOnSignals();
  if (!existsSync(gatewayMain))
    throw new Error('dist/main.js is missing: run `npm run build` first');
  mkdirSync(folder, { recursive: true });
  const version = execFileSync(options.node, ['--version'], {
    encoding: 'utf8',
    timeout: 10_000,
  }).trim();
  say(
    `JSON call, one hot token, 32 connections; gateway on Node ${version}; ${options.rounds} rounds of ${options.seconds} s`,
  );
  const rows = await measure(options);
  console.log(`\n${table(rows)}\n`);
  for (const { name, rateRatio, cpuRatio, against } of rows.slice(2)) {
    const text = (other, rate, cpu) =>
      `${name}: ${rate} × the requests/s of the ${other}, ${cpu} × its CPU per request`;
    console.log(text('floor', rateRatio.toFixed(2), cpuRatio.toFixed(2)));
    if (against) console.log(text(against.name, against.rate.toFixed(3), against.cpu.toFixed(3)));
  }
  return 0;
}

process.exitCode = await main(readArguments()).catch((error) => {
  console.error(error.message);
  return 1;
});
