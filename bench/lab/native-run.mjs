// Runs the two programs in C: the upstream for the whole run, the load generator for each slice.
import { startChild } from '../../test/fixtures/child.js';
import { withDeadline } from '../../test/fixtures/wait.js';
import { requestFile } from './request-files.mjs';

const START_MS = 5_000;
const SLACK_MS = 15_000;
const HOLD_MS = 30_000;

/** Starts the upstream. It also ends when its input does, so that no run leaves it behind. */
export async function startUpstream(program) {
  let take;
  const first = new Promise((resolve) => {
    take = resolve;
  });
  const child = startChild(program, [], { input: true, onLine: (line) => take(line) });
  const { port } = JSON.parse(await withDeadline('the upstream listens', first, START_MS));
  const origin = `http://127.0.0.1:${port}`;
  const stats = async () => {
    const response = await fetch(`${origin}/stats`, { signal: AbortSignal.timeout(START_MS) });
    return response.json();
  };
  return { name: 'upstream', port, pid: child.pid, origin, stats, stop: child.end };
}

function argumentsOf({ port, file, connections, seconds, rate, most, first, ages, holds }) {
  const pairs = { p: port, f: file, c: connections, d: seconds, r: rate, n: most, o: first };
  const given = Object.entries(pairs).filter(([, value]) => value !== undefined);
  const flags = [...(ages ? ['-a'] : []), ...(holds ? ['-H'] : [])];
  return [...given.flatMap(([name, value]) => [`-${name}`, String(value)]), ...flags];
}

/** The file of an order, and the request where the last slice of this target ended. */
function orderFor(target, { tool, tokens, ...order }) {
  const { file, count } = requestFile(tool, tokens);
  target.offsets ??= new Map();
  const first = target.offsets.get(file) ?? 0;
  const moveOn = (sent) => target.offsets.set(file, (first + sent) % count);
  return { order: { port: target.port, file, first, ...order }, moveOn };
}

/**
 * Sends calls to a target and resolves with what the load generator measured. Tokens go on where
 * the last slice ended: a slice that began again would find its tokens in a cache.
 */
export async function runLoad(program, target, wanted) {
  const { order, moveOn } = orderFor(target, wanted);
  const child = startChild(program, argumentsOf(order));
  const label = `the load on ${target.name}`;
  try {
    const { code } = await withDeadline(label, child.exited, order.seconds * 1000 + SLACK_MS);
    if (code !== 0) throw new Error(`${label} ended with ${code}: ${child.lines.join(' ')}`);
    const result = JSON.parse(child.lines.at(-1));
    moveOn(result.answers + result.unanswered);
    return result;
  } finally {
    await child.end();
  }
}

/** Opens streams through a target; resolves when they are open. `release` ends them. */
export async function holdStreams(program, target, connections) {
  const { order } = orderFor(target, { tool: 'get', tokens: 'hot', connections, holds: true });
  let take;
  const first = new Promise((resolve) => {
    take = resolve;
  });
  const child = startChild(program, argumentsOf(order), { onLine: (line) => take(line) });
  try {
    const line = await withDeadline(`streams of ${target.name}`, first, HOLD_MS);
    return { ...JSON.parse(line), release: child.end };
  } catch (error) {
    await child.end();
    throw error;
  }
}
