// Starts the benchmark's own processes, speaks with them over IPC, and reads what processes use:
// CPU time and memory.
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startChild } from '../test/fixtures/child.js';
import { cleanEnvironment } from '../test/fixtures/launch.js';
import { withDeadline } from '../test/fixtures/wait.js';

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
    const told = Promise.race([once(child, 'message', { signal }), gone]);
    return (await withDeadline(label, told, milliseconds))[0];
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
  const onText = (text, from) => process[`std${from}`].write(text);
  const options = { env: cleanEnvironment(), ipc: true, onText };
  const started = startChild(node, [file, ...args], options);
  const child = started.process;
  try {
    const first = await message(child, START_MS, script);
    const ask = (order, milliseconds) => {
      const answer = message(child, milliseconds, script);
      child.send(order);
      return answer;
    };
    return { ...first, pid: child.pid, ask, stop: started.end };
  } catch (error) {
    await started.end();
    throw error;
  }
}

/**
 * Gives `use` a function that keeps what has started, and stops all of it at the end, the last one
 * first.
 */
export async function whileKept(use) {
  const kept = [];
  const keep = (started) => {
    kept.push(started);
    return started;
  };
  try {
    return await use(keep);
  } finally {
    for (const { stop, close = stop } of kept.reverse()) await close();
  }
}

/** User and system time of a process with all its threads, in microseconds; NaN without /proc. */
function times(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold spaces: count after it. utime is field 14, stime field 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return [Number(fields[11]) * TICK_US, Number(fields[12]) * TICK_US];
  } catch {
    return [Number.NaN, Number.NaN];
  }
}

/** CPU time of a process with all its threads, user and system, in microseconds. */
export const cpuMicroseconds = (pid) => times(pid)[0] + times(pid)[1];

/** The part of its CPU time that the kernel took, in microseconds. */
export const systemMicroseconds = (pid) => times(pid)[1];

/** The process itself, its children and theirs. Without /proc, the process alone. */
export function processTree(pid) {
  const found = [pid];
  for (const one of found) {
    try {
      for (const thread of readdirSync(`/proc/${one}/task`)) {
        const children = readFileSync(`/proc/${one}/task/${thread}/children`, 'latin1').trim();
        if (children !== '') found.push(...children.split(' ').map(Number));
      }
    } catch {
      // It ended, or the system has no /proc.
    }
  }
  return found;
}

/** CPU time of a process and all below it, in microseconds. */
export const treeCpu = (pid) =>
  processTree(pid).reduce((sum, one) => sum + (cpuMicroseconds(one) || 0), 0);

/** Memory of a process and all below it in MB. Pages that they share count once (Pss). */
export const treeMegabytes = (pid) =>
  processTree(pid).reduce((sum, one) => {
    const text = readFileSync(`/proc/${one}/smaps_rollup`, 'latin1');
    return sum + Number(/^Pss:\s+(\d+)/m.exec(text)[1]) / 1024;
  }, 0);
