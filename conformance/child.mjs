// Starts child processes with their output in a log file, waits for them within a time limit, and
// ends them. It ends no other process.
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';

const STOP_MS = 5000;
const running = new Set();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

/**
 * Starts a program. `onLine` gets each whole line of its output.
 * `exited` resolves with the exit code, or with null if a signal ended it.
 */
export function start(command, args, { cwd, env = process.env, logFile, onLine = () => {} }) {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(logFile);
  running.add(child);
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk) => {
      log.write(chunk);
      const lines = (rest + chunk).split('\n');
      rest = lines.pop();
      for (const line of lines) onLine(line);
    });
  }
  const exited = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      running.delete(child);
      log.end();
      resolve(code);
    });
  });
  exited.catch(() => running.delete(child));
  return { child, exited };
}

/** Rejects with the label if the promise takes longer than the limit. */
export async function within(milliseconds, label, promise) {
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${label}: not done after ${milliseconds / 1000} s`)),
      milliseconds,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Signals the process to end, and kills it if it does not. */
export async function stop({ child, exited }) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await within(STOP_MS, 'stop', exited).catch(() => child.kill('SIGKILL'));
}

/** Runs a program to its end and resolves with its exit code. */
export async function runToEnd(milliseconds, command, args, options) {
  const running = start(command, args, options);
  try {
    return await within(milliseconds, command, running.exited);
  } finally {
    await stop(running);
  }
}
