// Starts the benchmark's own processes, speaks with them over IPC, and reads the CPU time of a
// process.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stop, within } from '../conformance/child.mjs';
import { cleanEnvironment, endWithUs } from '../scripts/verify/gateway.mjs';

const START_MS = 10_000;
const TICK_US = 10_000;

/** The next message of a child. It must come in time and before the child ends. */
async function message(child, milliseconds, label) {
  const ended = new AbortController();
  const { signal } = ended;
  const gone = once(child, 'exit', { signal }).then(([code]) =>
    Promise.reject(new Error(`${label} ended with ${code}`)),
  );
  gone.catch(() => {});
  try {
    const [told] = await within(
      milliseconds,
      label,
      Promise.race([once(child, 'message', { signal }), gone]),
    );
    return told;
  } finally {
    ended.abort();
  }
}

/**
 * Starts a script of this folder on `node`; resolves with its first message and its pid.
 * `ask` sends an order and resolves with the answer.
 */
export async function startOwn(script, { node = process.execPath, args = [] } = {}) {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const child = endWithUs(
    fork(file, args, { execPath: node, execArgv: [], env: cleanEnvironment() }),
  );
  const exited = once(child, 'close');
  exited.catch(() => {});
  const end = () => stop({ child, exited });
  try {
    const first = await message(child, START_MS, script);
    const ask = (order, milliseconds) => {
      const answer = message(child, milliseconds, script);
      child.send(order);
      return answer;
    };
    return { ...first, pid: child.pid, ask, stop: end };
  } catch (error) {
    await end();
    throw error;
  }
}

/**
 * CPU time of a process with all its threads, user and system, in microseconds; NaN without /proc.
 */
export function cpuMicroseconds(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold spaces: count after it. utime is field 14, stime field 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_US;
  } catch {
    return Number.NaN;
  }
}
