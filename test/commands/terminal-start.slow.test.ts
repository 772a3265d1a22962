// `serve` on a terminal describes its start in words, and then writes JSON lines. Without a
// terminal every line is JSON.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { cleanEnvironment, gatewayMain } from '../fixtures/launch.js';
import { ownPorts } from '../fixtures/ports.js';
import { until, withDeadline } from '../fixtures/wait.js';

/** A terminal from the standard library of Python: Node has none. */
const PTY = 'import pty, sys; pty.spawn(sys.argv[1:])';
const hasPython = spawnSync('python3', ['-c', 'import pty']).status === 0;
const CTRL_C = '\u0003';

let issuer: JwksIssuer;
let folder: string;
beforeAll(async () => {
  issuer = await startJwksIssuer();
  folder = mkdtempSync(join(tmpdir(), 'portcullis-tty-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await issuer.stop();
});

/** Starts `serve`, waits for `enough`, ends it as an operator does, and returns its lines. */
async function linesOf(command: readonly string[], enough: RegExp, logLevel = 'info'): Promise<string[]> {
  const [port = 0, adminPort = 0] = await ownPorts(2);
  const file = join(folder, `${port}.yaml`);
  writeFileSync(
    file,
    `publicUrl: http://127.0.0.1:${port}
listen: { host: 127.0.0.1, port: ${port} }
admin: { host: 127.0.0.1, port: ${adminPort} }
logLevel: ${logLevel}
issuers: { main: { issuer: '${issuer.issuer}' } }
endpoints: [{ path: /mcp, issuers: [main], upstream: 'http://127.0.0.1:1/mcp?key=query-secret' }]
`,
  );
  const [program = '', ...args] = [...command, process.execPath, gatewayMain, 'serve', '--config', file];
  const child = spawn(program, args, { env: cleanEnvironment(), stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    await until('the output', () => enough.test(text), 15_000);
    if (command.length > 0) {
      await fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST', body: '{}' });
      if (logLevel === 'info') await until('the line of a request', () => text.includes('credential.missing'), 5_000);
      child.stdin.write(CTRL_C);
    } else child.kill('SIGTERM');
    await withDeadline('the exit', exited, 10_000);
  } finally {
    child.kill('SIGKILL');
  }
  return text
    .replaceAll('\r', '')
    .split('\n')
    .filter((line) => line !== '' && line !== '^C')
    .map((line) => line.replace(/:\d+(?=\D|$)/g, ':PORT'));
}

test.skipIf(!hasPython)('on a terminal: words, then JSON', async () => {
  const lines = await linesOf(['python3', '-c', PTY], /JSON lines\./);
  const at = lines.indexOf('The log follows as JSON lines.');
  expect(lines.slice(0, at)).toEqual([
    expect.stringMatching(/^Portcullis \d+\.\d+\.\d+ listens on http:\/\/127\.0\.0\.1:PORT$/),
    'Page, metrics and health: http://127.0.0.1:PORT',
    'Endpoint http://127.0.0.1:PORT/mcp -> http://127.0.0.1:PORT/mcp?...',
    expect.stringMatching(/^Warning session\.key_drawn: sessionKeys is not configured: /),
    expect.stringMatching(/^Issuer http:\/\/127\.0\.0\.1:PORT: \d keys? loaded$/),
  ]);
  expect(lines.slice(at + 1).length).toBeGreaterThan(0);
  for (const line of lines.slice(at + 1)) expect(line).toMatch(/^(\^C)?\{.*\}$/);
  expect(lines.join('\n')).not.toContain('query-secret');
});

test.skipIf(!hasPython)('on a terminal at level warn: the log alone, which has the warnings', async () => {
  const lines = await linesOf(['python3', '-c', PTY], /session\.key_drawn/, 'warn');
  for (const line of lines) expect(line).toMatch(/^(\^C)?\{.*"level":"warn".*\}$/);
});

test('without a terminal: every line is JSON', async () => {
  const lines = await linesOf([], /keys\.loaded/);
  for (const line of lines) expect(line).toMatch(/^\{.*\}$/);
  expect(lines[0]).toContain('"event":"gateway.listening"');
});
