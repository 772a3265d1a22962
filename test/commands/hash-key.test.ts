// portcullis hash-key: a new key with its entry, and the entry of a given key.
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { runCommand } from '../../src/commands/run-command.js';
import { captureIo, run, type Surroundings } from './in-process.js';

const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex');
const GIVEN = 'Zq3vT8nLwX5cRk9JdYb2Hm';

const hashKey = (args: string[], surroundings: Surroundings = {}) => run(['hash-key', ...args], surroundings);

test('makes a key and its entry', async () => {
  const { code, output, errors } = await hashKey(['--name', 'partner-a', '--prefix', 'sk_live_']);
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  const [told, key = '', , , ...entry] = output.split('\n');
  expect(told).toBe('The key, which is shown only here. Give it to its caller:');
  expect(key).toMatch(/^sk_live_[\w-]{43}$/);
  expect(parse(entry.join('\n'))).toEqual({ 'partner-a': { sha256: sha256(key) } });
});

test('two keys differ', async () => {
  const [one, other] = await Promise.all([hashKey([]), hashKey([])]);
  expect(one.output).not.toBe(other.output);
});

test('every field of an entry, as YAML and as a line', async () => {
  const fields = ['--name', 'true', '--scopes', 'a:b, c', '--tenant', '0x1', '--sunset', '2027-06-30'];
  const args = ['--stdin', ...fields, '--endpoints', '/a/mcp,/b'];
  const entry = {
    sha256: sha256(GIVEN),
    scopes: ['a:b', 'c'],
    tenant: '0x1',
    sunset: '2027-06-30',
    endpoints: ['/a/mcp', '/b'],
  };
  const yaml = await hashKey(args, { stdin: [`${GIVEN}\n`] });
  expect(parse(yaml.output)).toEqual({ true: entry });
  const line = await hashKey([...args, '--line'], { stdin: [GIVEN.slice(0, 9), GIVEN.slice(9)] });
  expect(JSON.parse(line.output)).toEqual({ name: 'true', ...entry });
  expect(yaml.output + yaml.errors + line.output + line.errors).not.toContain(GIVEN);
});

test('without a name: a part of the hash', async () => {
  const { output } = await hashKey(['--stdin', '--line'], { stdin: [`${GIVEN}\r\n`] });
  expect(JSON.parse(output)).toMatchObject({ name: `key-${sha256(GIVEN).slice(0, 8)}`, sha256: sha256(GIVEN) });
});

test('--line: the key goes to standard error', async () => {
  const { output, errors } = await hashKey(['--line']);
  const key = errors.split('\n')[1] as string;
  expect(JSON.parse(output)).toMatchObject({ sha256: sha256(key) });
});

test.each<[what: string, args: string[], stdin: string[], code: number, told: RegExp]>([
  ['a key as an argument', [GIVEN], [], 2, /takes no key as an argument/],
  ['a weak key', ['--stdin'], ['short'], 1, /hash-key rejects this key: the key has fewer than 7/],
  ['no key', ['--stdin'], [], 1, /there is no key/],
  ['two keys', ['--stdin'], [`${GIVEN}\n${GIVEN}\n`], 1, /white space or a line feed/],
  ['a name with a space', ['--name', 'partner a'], [], 2, /^--name: write a name for the key/],
  ['a day that does not exist', ['--sunset', '2027-02-30'], [], 2, /^--sunset: this date does not exist/],
  ['a scope in quotes', ['--scopes', '"a"'], [], 2, /^--scopes/],
  ['a path without a slash', ['--endpoints', 'mcp'], [], 2, /^--endpoints/],
  ['a prefix of JWTs', ['--prefix', 'ey'], [], 2, /^--prefix: JWTs begin like this too/],
  ['an unknown option', ['--key', GIVEN], [], 2, /Unknown option '--key'/],
])('%s: refused', async (_what, args, stdin, code, told) => {
  const result = await hashKey(args, { stdin });
  expect(result.code).toBe(code);
  expect(result.errors).toMatch(told);
  expect(result.output).toBe('');
  expect(result.errors).not.toContain(GIVEN);
});

test('a terminal on standard input: says what to do, and waits for nothing', async () => {
  const io = captureIo();
  const stdin = Object.assign((async function* () {})(), { isTTY: true });
  expect(await runCommand(['hash-key', '--stdin'], { ...io, stdin })).toBe(1);
  expect(io.errors.join('\n')).toContain('portcullis hash-key --stdin < FILE');
});
