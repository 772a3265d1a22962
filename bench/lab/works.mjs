// The works of the table: what is sent to each target, and what is read from the result.
import { setTimeout as sleep } from 'node:timers/promises';
import { treeCpu, treeMegabytes } from '../processes.mjs';
import { holdStreams, runLoad } from './native-run.mjs';
import { isBad } from './tokens.mjs';

const FLOOD_CONNECTIONS = 32;
const GOOD_RATE = 500;
const STREAMS = 1000;
const MOST_ERRORS = 0.01;
const SETTLE_MS = 800;
/** The time in which an upstream stream must end after its client left. */
const LEAVE_MS = 1000;

function checkAnswers({ name, verifies }, { tokens }, result) {
  const wanted = verifies && isBad(tokens) ? result.unauthorized : result.good;
  const { answers, unanswered, errors } = result;
  const isWrong = answers === 0 || wanted !== answers || unanswered > 0;
  // A connection that the target closes while a call is on its way is an error, too.
  if (isWrong || errors > answers * MOST_ERRORS)
    throw new Error(
      `${name}: ${answers - wanted} of ${answers} answers are wrong, ${unanswered} never came, ` +
        `${errors} connections failed`,
    );
}

/** One slice of calls: its rate, the CPU time of the target for each, and the latency. */
export async function callSlice({ load }, target, order) {
  const before = treeCpu(target.pid);
  const result = await runLoad(load, target, order);
  checkAnswers(target, order, result);
  const { p50, p99 } = result.latency;
  const { rate, answers } = result;
  return { rate, cpu: (treeCpu(target.pid) - before) / answers, answers, p50, p99 };
}

/** A gateway that lets every caller pass would be fast. So it must reject wrong tokens. */
export async function checkTarget(lab, target) {
  const order = { tool: 'json', connections: 1, seconds: 5, most: 20 };
  for (const tokens of ['hot', 'forged', 'expired'])
    await callSlice(lab, target, { ...order, tokens });
}

/** Good calls alone at a constant rate, then the same beside a flood of forged tokens. */
async function floodSlice({ load }, target, seconds) {
  const good = { tool: 'json', tokens: 'hot', connections: 16, rate: GOOD_RATE };
  const flood = { tool: 'json', tokens: 'forged', connections: FLOOD_CONNECTIONS };
  const alone = await runLoad(load, target, { ...good, seconds });
  const flooding = runLoad(load, target, { ...flood, seconds: seconds * 2 });
  flooding.catch(() => {});
  await sleep(seconds * 400);
  const beside = await runLoad(load, target, { ...good, seconds });
  checkAnswers(target, good, beside);
  checkAnswers(target, flood, await flooding);
  const { latency } = beside;
  return { p50: latency.p50, p99: latency.p99, alone50: alone.latency.p50 };
}

/** Times between the upstream's event and the client, from streams of 20 events, 25 ms apart. */
async function ageSlice({ load }, target) {
  const order = { tool: 'timed', tokens: 'hot', connections: 4, seconds: 3, most: 4, ages: true };
  const { age } = await runLoad(load, target, order);
  return { p50: age.p50, p99: age.p99 };
}

/** Memory of 1,000 held streams in MB; notes the upstream's streams that outlive the clients. */
async function heldSlice({ load, upstream }, target) {
  const warm = { tool: 'json', tokens: 'hot', connections: 8, seconds: 1, most: 300 };
  await runLoad(load, target, warm);
  await sleep(SETTLE_MS);
  const [before, streams] = [treeMegabytes(target.pid), await upstream.stats()];
  const { held, release } = await holdStreams(load, target, STREAMS);
  try {
    if (held < STREAMS) throw new Error(`${target.name} holds ${held} of ${STREAMS} streams`);
    await sleep(SETTLE_MS);
    const after = treeMegabytes(target.pid);
    return { idle: before, megabytes: ((after - before) * 1000) / STREAMS };
  } finally {
    await release();
    await sleep(LEAVE_MS);
    const left = (await upstream.stats()).held - streams.held;
    if (left > 0) target.notes.add(`${target.name} left ${left} streams open at the upstream`);
  }
}

const calls = (name, title, order) => ({
  name,
  warms: true,
  run: (lab, target, seconds) => callSlice(lab, target, { connections: 32, ...order, seconds }),
  rows: [{ title, of: 'rate', unit: '/s', better: 'more' }],
});

const latency = (p50, p99) => [
  { title: p50, of: 'p50', unit: ' µs', better: 'less' },
  { title: p99, of: 'p99', unit: ' µs', better: 'less' },
];

const stream = { tokens: 'hot', connections: 16 };

/** Held streams come first: memory that load left behind would hide what a stream takes. */
export const works = [
  {
    name: 'held',
    rounds: () => 1,
    seconds: () => 4.5,
    run: heldSlice,
    rows: [
      { title: 'memory after the start', of: 'idle', unit: ' MB', better: 'less' },
      { title: '1,000 held streams', of: 'megabytes', unit: ' MB', better: 'less' },
    ],
  },
  calls('json', 'JSON, hot token', { tool: 'json', tokens: 'hot' }),
  calls('unique', 'JSON, 20,000 tokens', { tool: 'json', tokens: 'unique' }),
  calls('forged', 'forged tokens', { tool: 'json', tokens: 'forged' }),
  {
    name: 'flood',
    rounds: (rounds) => Math.min(4, rounds),
    seconds: (slice) => slice * 3.4,
    run: (lab, target, slice) => floodSlice(lab, target, slice * 1.2),
    rows: [
      { title: '500 good calls/s, p50', of: 'alone50', unit: ' µs', better: 'less' },
      ...latency('the same in a flood, p50', 'the same in a flood, p99'),
    ],
  },
  calls('sse1', 'SSE, one event', { tool: 'sse1', ...stream }),
  calls('sse1000', 'SSE, 1,000 events', { tool: 'sse1000', ...stream }),
  calls('big', '1 MB answer', { tool: 'big', ...stream }),
  {
    name: 'latency',
    rounds: (rounds) => Math.min(4, rounds),
    seconds: () => 2.5,
    run: (lab, target) =>
      callSlice(lab, target, { tool: 'json', ...stream, rate: 200, seconds: 2.5 }),
    rows: latency('200 calls/s, p50', '200 calls/s, p99'),
  },
  {
    name: 'age',
    rounds: (rounds) => Math.min(3, rounds),
    seconds: () => 0.7,
    run: ageSlice,
    rows: latency('age of an event, p50', 'age of an event, p99'),
  },
];
