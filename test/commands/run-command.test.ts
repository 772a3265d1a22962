// The dispatch of commands: help, version, unknown commands and options, the sources of a token.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { findToken } from '../../src/commands/bearer-token.js';
import { captureIo, run } from './in-process.js';

const HELP = expect.stringContaining('portcullis serve [--config FILE]');

test.each<[string, string[], number]>([
  ['no command', [], 2],
  ['help', ['help'], 0],
  ['--help', ['--help'], 0],
  ['-h', ['-h'], 0],
])('%s prints the list of commands', async (_what, args, code) => {
  expect(await run(args)).toEqual({ code, output: HELP, errors: '' });
});

test('the list of commands names --tool for doctor and for explain', async () => {
  const { output } = await run(['--help']);
  expect(output.split('\n').filter((line) => line.includes('--tool NAME'))).toHaveLength(2);
});

test('--version prints the version of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(await run(['--version'])).toEqual({ code: 0, output: version, errors: '' });
});

test.each(['guard', 'constructor'])('an unknown command, %s: exit code 2', async (name) => {
  const errors = expect.stringContaining(`There is no command ${name}.`);
  expect(await run([name])).toEqual({ code: 2, output: '', errors });
});

test.each(['serve', 'health', 'demo', 'doctor', 'check', 'explain', 'hash-key', 'schema'])(
  '%s: --help, and exit code 2 for an unknown option',
  async (name) => {
    const help = expect.stringContaining(`portcullis ${name} `);
    expect(await run([name, '--help'])).toEqual({ code: 0, output: help, errors: '' });
    const { code, output, errors } = await run([name, '--fast']);
    expect([code, output, errors]).toEqual([2, '', expect.stringContaining("Unknown option '--fast'")]);
    expect(errors).toEqual(help);
  },
);

test.each(['serve', 'check', 'explain'])('%s without a configuration says what to set', async (name) => {
  const { code, errors } = await run([name]);
  expect([code, errors]).toEqual([name === 'explain' ? 2 : 1, expect.stringContaining('set PORTCULLIS_UPSTREAM')]);
});

test.each<[string, string | undefined, Parameters<typeof captureIo>[0], string | null]>([
  ['no token', undefined, {}, null],
  ['an argument, before the variable', 'a', { env: { PORTCULLIS_TOKEN: 'b' } }, 'a'],
  [
    'the variable, with the whole header and a line feed',
    undefined,
    { env: { PORTCULLIS_TOKEN: 'Authorization: Bearer b\n' } },
    'b',
  ],
  ['standard input, with a character in two chunks', '-', { stdin: [Buffer.from([0xc3]), Buffer.from([0xa9]), 'c\n'] }, 'éc'],
  ['empty standard input', '-', { stdin: [] }, null],
])('the token: %s', async (_what, argument, surroundings, token) => {
  expect(await findToken(argument, captureIo(surroundings))).toBe(token);
});

test('the token: standard input has a limit', async () => {
  const half = 'x'.repeat(200 * 1024);
  const token = await findToken('-', captureIo({ stdin: [half, half, half] }));
  expect(token).toHaveLength(400 * 1024);
});
