// The scan for secrets at the end of all tests finds a planted secret, and fails the run.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Entry, OutputKind } from '../fixtures/ledger.js';
import { mintToken, rsaKey } from '../fixtures/mint.js';
import { findLeaks } from '../support/leaks.js';

const key = rsaKey();
const token = mintToken({ issuer: 'https://auth.example.com', audience: 'https://mcp.example.com', key });
const [head = '', claims = '', signature = ''] = token.split('.');
const secrets: Entry[] = [
  { secret: 'part', value: claims },
  { secret: 'part', value: signature },
  { secret: 'part', value: Buffer.alloc(256, 'x').toString('base64url') },
  { secret: 'whole', value: 'client-secret-5e1f' },
  { secret: 'passed', value: 'legacy-key-77aa1' },
];
const OUTPUTS: OutputKind[] = ['log', 'metrics', 'answer', 'upstream'];
const leaksOf = (output: OutputKind, text: string): number =>
  findLeaks([...secrets, { output, from: 'here', text }]).leaks.length;

describe.each(OUTPUTS)('C-153: in %s', (output) => {
  test.each([
    ['a token', `{"token":"${token}"}`],
    ['its claims', claims],
    ['its signature', signature],
    ['the beginning of its signature', `x${signature.slice(0, 31)}…`],
    ['a piece of its middle', `x${signature.slice(101, 132)}x`],
    ['the end of its claims', claims.slice(-40)],
    ['a client secret', 'a=client-secret-5e1f&b'],
    ['a secret at the very beginning', 'client-secret-5e1f'],
    ['a secret after a megabyte', `${'client-secret-'.repeat(75_000)}5e1f`],
  ])('%s is found', (_what, text) => expect(leaksOf(output, text)).toBe(1));

  test.each([
    ['nothing', ''],
    ['a header, which is not secret', `${head}.`],
    ['a short piece', signature.slice(0, 12)],
    ['the letters of a made-up signature', 'eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4'],
    ['most of a secret', 'client-secret-5e1'],
    ['another token', mintToken({ issuer: 'x', audience: 'y', key: rsaKey(), claims: { iss: undefined, aud: 'z' } }).slice(-300)],
  ])('%s is not reported', (_what, text) => expect(leaksOf(output, text)).toBe(0));
});

test('C-101: a pass-through credential may go to the upstream, and nowhere else', () => {
  expect(OUTPUTS.map((output) => leaksOf(output, 'Token legacy-key-77aa1'))).toEqual([1, 1, 1, 0]);
  // The exception ends if the same text is another secret, too.
  const both: Entry[] = [...secrets, { secret: 'whole', value: 'legacy-key-77aa1' }];
  expect(findLeaks([...both, { output: 'upstream', from: 'here', text: 'legacy-key-77aa1' }]).leaks).toHaveLength(1);
});

test('C-153: a token for the upstream may go there as a whole, and nowhere else', () => {
  const found = (text: string): number[] =>
    OUTPUTS.map((output) => findLeaks([...secrets, { onward: token }, { output, from: 'here', text }]).leaks.length);
  expect(found(`Bearer ${token}\n`)).toEqual([1, 1, 1, 0]);
  expect(found(`Bearer x${token}`)).toEqual([1, 1, 1, 1]);
  expect(found(claims)).toEqual([1, 1, 1, 1]);
});

test('C-153: a credential that an upstream got may be in its answer, and in no log', () => {
  const presented: Entry = { secret: 'presented', value: 'a-key-of-the-upstream-77' };
  const found = (more: Entry[]): number[] =>
    OUTPUTS.map((output) => findLeaks([...more, presented, { output, from: 'here', text: presented.value }]).leaks.length);
  expect(found([])).toEqual([1, 1, 0, 0]);
  expect(found([{ secret: 'passed', value: presented.value }])).toEqual([1, 1, 1, 0]);
  expect(found([{ secret: 'whole', value: presented.value }])).toEqual([1, 1, 1, 1]);
});

describe('C-153: a run of vitest', () => {
  const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

  /** Exit code and output of a separate run, with one test that has these lines. */
  async function run(lines: string): Promise<{ code: number; text: string }> {
    const root = await mkdtemp(join(tmpdir(), 'portcullis-secrecy-'));
    const test = { globals: true, include: ['*.test.ts'], globalSetup: [path('../secrecy.ts')], pool: 'forks' };
    await writeFile(join(root, 'vitest.config.mjs'), `export default { test: ${JSON.stringify(test)} };`);
    const source = `import { gatewayAt, output, secret } from ${JSON.stringify(path('../fixtures/ledger.ts'))};\ntest('plants', () => {\n${lines}\n});`;
    await writeFile(join(root, 'planted.test.ts'), source);
    const vitest = path('../../node_modules/vitest/vitest.mjs');
    try {
      return await new Promise((resolve) =>
        execFile(process.execPath, [vitest, 'run', '--root', root], { timeout: 20_000 }, (error, out, err) =>
          resolve({ code: error === null ? 0 : Number(error.code), text: out + err }),
        ),
      );
    } finally {
      await rm(root, { recursive: true });
    }
  }

  const setting = `gatewayAt(1); secret('whole', 'a-planted-secret-9d');`;
  test('passes if nothing leaked', async () => {
    const { code, text } = await run(`${setting} output('log', 'it', 'a line');`);
    expect(text).toContain('1 secrets, 1 outputs of 1 gateways');
    expect(code).toBe(0);
  });
  test('fails if a secret was planted, although each of its tests passes', async () => {
    const { code, text } = await run(`${setting} output('log', 'it', 'a line with a-planted-secret-9d in it');`);
    expect(text).toMatch(/1 passed/);
    expect(text).toContain('1 outputs of a gateway hold a secret');
    expect(code).not.toBe(0);
  });
  test('fails if gateways ran and no output was recorded', async () => {
    expect((await run('gatewayAt(1);')).code).not.toBe(0);
  });
});
