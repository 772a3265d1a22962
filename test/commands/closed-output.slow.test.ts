// A reader that leaves, as `| head -1` does: each command ends without a stack trace, and the exit
// code stays that of its outcome.
import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { cleanEnvironment, gatewayMain } from '../fixtures/launch.js';
import { ownPort } from '../fixtures/ports.js';
import { withDeadline } from '../fixtures/wait.js';

/** Reads the first line of one output, and then closes it. */
async function endOf(args: readonly string[], closed: 'stdout' | 'stderr'): Promise<[code: number | null, other: string]> {
  const child = spawn(process.execPath, [gatewayMain, ...args], { env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
  const other = closed === 'stdout' ? child.stderr : child.stdout;
  let text = '';
  other.on('data', (chunk) => {
    text += chunk;
  });
  child[closed].once('data', () => child[closed].destroy());
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  try {
    return [await withDeadline('the exit', exited, 30_000), text];
  } finally {
    child.kill('SIGKILL');
  }
}

test.each<[string[], number]>([
  [['--help'], 0],
  [['demo', '--once'], 0],
  // It waits for no signal: no reader saw its commands.
  [['demo'], 0],
  [['doctor', '--help'], 0],
])('standard output closes: %j', async (args, code) => {
  expect(await endOf(args, 'stdout')).toEqual([code, '']);
});

test('standard output of doctor closes: its exit code still says that a check failed', async () => {
  const [code, errors] = await endOf(['doctor', `http://127.0.0.1:${await ownPort()}/mcp`], 'stdout');
  expect(code).toBe(1);
  expect(errors).not.toMatch(/EPIPE|node:internal/);
});

test.each([[['serve', '--nope']], [['nope']], [['demo', '--port', '0']]])('standard error closes: %j', async (args) => {
  expect(await endOf(args, 'stderr')).toEqual([2, '']);
});
