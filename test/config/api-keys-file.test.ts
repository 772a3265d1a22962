// The file of API keys: what it accepts, and each problem with its file and line, without the text
// of the line.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KeySources } from '../../src/config/api-key-lines.js';
import { apiKeysFileNotices, loadApiKeys, reloadApiKeys } from '../../src/config/api-keys-file.js';
import { ConfigError } from '../../src/config/problems.js';
import type { ApiKey } from '../../src/core/api-key.js';
import { endpoint } from '../support/endpoint.js';

const HASH = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);
const REFERENCE = '$' + '{env:UPSTREAM}';
const carrier = { scheme: null, header: 'x-api-key', bearerPrefix: null };
const endpoints = [endpoint({ path: '/mcp', apiKeys: [carrier] }), endpoint({ path: '/people' })];

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-keys-file-'));
  file = join(folder, 'keys.jsonl');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const line = (fields: object = {}): string => JSON.stringify({ name: 'partner-a', sha256: HASH, ...fields });
const sources = (apiKeys: readonly ApiKey[] = []): KeySources => ({ apiKeys, apiKeysFile: file, endpoints });

function load(content: string | Uint8Array, env: Record<string, string> = {}, own: readonly ApiKey[] = []) {
  writeFileSync(file, content);
  return loadApiKeys(sources(own), env);
}

/** The problems without the words that all of them have. */
function problems(content: string | Uint8Array, own: readonly ApiKey[] = []): string[] {
  try {
    load(content, {}, own);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    const lines = (error as ConfigError).message.split('\n').slice(1);
    return lines.map((text) => text.replace(`  apiKeysFile: ${file} `, '').trim());
  }
  return [];
}

describe('the file', () => {
  test('becomes frozen keys, after those of the configuration', () => {
    const [own] = load(line({ name: 'own', sha256: OTHER }));
    const fields = {
      scopes: ['a', 'b'],
      tenant: 'acme',
      sunset: '2027-06-30',
      endpoints: ['/mcp'],
      upstreamAuthorization: REFERENCE,
    };
    const keys = load(line({ ...fields, sha256: HASH.toUpperCase() }), { UPSTREAM: 'Bearer x' }, [own as ApiKey]);
    const { upstreamAuthorization, ...rest } = keys[1] as ApiKey;
    expect([keys.length, keys[0], upstreamAuthorization?.reveal()]).toEqual([2, own, 'Bearer x']);
    expect(rest).toEqual({
      name: 'partner-a',
      sha256: HASH,
      scopes: ['a', 'b'],
      tenant: 'acme',
      sunsetMs: Date.UTC(2027, 5, 30),
      endpoints: ['/mcp'],
    });
    expect(keys.every((key) => Object.isFrozen(key) && Object.isFrozen(key.scopes))).toBe(true);
  });

  test.each<[string, string]>([
    ['a line feed at the end', `${line()}\n`],
    ['no line feed at the end', line()],
    ['CRLF', `${line()}\r\n`],
    ['a byte order mark', `\ufeff${line()}\n`],
    ['blank lines and white space', `\n \t\r\n  ${line()}  \n\n`],
    ['white space in the object', `{ "name" : "partner-a", "sha256" : "${HASH}" }`],
  ])('is accepted with %s', (_what, content) => expect(load(content).map(({ name }) => name)).toEqual(['partner-a']));

  test('without keys is accepted, with a warning: the last key must be removable', () => {
    expect(load('\n')).toEqual([]);
    expect(apiKeysFileNotices(sources(), [])).toEqual([
      { event: 'config.api_keys_empty', level: 'warn', detail: expect.stringContaining(file) },
    ]);
    expect(apiKeysFileNotices(sources(), load(line()))).toEqual([]);
    expect(apiKeysFileNotices({ ...sources(), apiKeysFile: null }, [])).toEqual([]);
  });

  test('shares equal lists between its keys', () => {
    const [some, other] = load([line({ scopes: ['a'] }), line({ name: 'b', sha256: OTHER, scopes: ['a'] })].join('\n'));
    expect(some?.scopes).toBe(other?.scopes);
  });

  test('is not read where the configuration names none', () => {
    expect(loadApiKeys({ ...sources(), apiKeysFile: null }, {})).toEqual([]);
  });
});

const KNOWN = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const AT_LEAST = 'write one JSON object on each line, such as {"name":"partner-a","sha256":"..."}';

describe('a line with a problem', () => {
  test.each<[string, string, string]>([
    ['text', 's3cret', `not valid JSON; ${AT_LEAST}`],
    ['a text in quotes', '"s3cret"', AT_LEAST],
    ['YAML', 'partner-a: s3cret', `this is YAML; ${AT_LEAST}`],
    ['a comment', '# s3cret', 'JSON Lines have no comments; remove the line'],
    ['a list', `[${line()}]`, 'write one JSON object on each line, without a list around them'],
    ['an object over several lines', '{', 'write the whole object on one line'],
    ['a comma after it', `${line()},`, 'remove the comma after the object; each object has its own line'],
    ['two objects', `${line()} ${line()}`, 'two objects on one line; write each on its own line'],
    ['single quotes', "{'name':'s3cret'}", 'put each name and each text in double quotes; JSON has no other quotes'],
    ['UTF-16 behind UTF-8', '{\0"\0n\0', 'the line has NUL bytes, as UTF-16 has; save the file as UTF-8'],
    ['a name twice', `{"name":"a","sha256":"${HASH}","name":"s3cret"}`, 'name: occurs twice in the line; keep one'],
    [
      'a name twice, once escaped',
      `{"name":"a","sha256":"${HASH}","n\\u0061me":"b"}`,
      'name: occurs twice in the line; keep one',
    ],
    [
      'the key itself',
      line({ key: 's3cret' }),
      'key: never write a key itself; write sha256, and replace this key if others could read it',
    ],
    ['a misspelt field', line({ tennant: 's3cret' }), 'tennant: unknown field; did you mean tenant?'],
    ['another name of a field', line({ expires: '2027-06-30' }), 'expires: unknown field; did you mean sunset?'],
    [
      'a name of every object',
      `{"name":"a","sha256":"${HASH}","__proto__":{}}`,
      '__proto__: unknown field; remove it or correct its spelling',
    ],
    ['an unknown path', line({ endpoints: ['/mcp', '/x'] }), 'endpoints[1]: no endpoint has this path; correct it'],
    [
      'an endpoint without API keys',
      line({ endpoints: ['/people'] }),
      'endpoints[0]: this endpoint takes no API keys; add apiKeys to it, or remove the path',
    ],
    [
      'an unset variable',
      line({ upstreamAuthorization: REFERENCE }),
      'upstreamAuthorization: the variable UPSTREAM is not set; set it',
    ],
    ['a line that is too long', line({ tenant: 'x'.repeat(70_000) }), 'the line is longer than 64 KiB; correct it'],
  ])('%s', (_what, text, message) => {
    // Good lines around it: the number is that of the line, and the lines after it are read.
    const around = (name: string, digit: string) => line({ name, sha256: digit.repeat(64) });
    const found = problems(`${around('before', 'c')}\n\n${text}\n${around('after', 'd')}\n`);
    expect(found).toEqual([`line 3: ${message}`]);
    expect(found.join()).not.toContain('s3cret');
  });

  test('a well-known hash, a wrong secret, a reference in the wrong field', () => {
    expect(problems(line({ sha256: KNOWN }))[0]).toMatch(/^line 1: sha256: this is the SHA-256 of "test"/);
    expect(problems(line({ tenant: REFERENCE }))[0]).toMatch(/^line 1: tenant: references work only in /);
    const withLines = () => load(line({ upstreamAuthorization: REFERENCE }), { UPSTREAM: 'Bearer s3cret\nx' });
    expect(withLines).toThrow('line 1: upstreamAuthorization: the secret must be one line');
    expect(withLines).not.toThrow('s3cret');
  });

  test('a name or hash of another line, or of the configuration', () => {
    const own = load(line({ name: 'own', sha256: OTHER }));
    const second = (fields: object) => problems(`${line()}\n${line(fields)}`, own);
    expect(second({ sha256: 'c'.repeat(64) })).toEqual(['line 2: name: line 1 has the same name; write another']);
    const sameKey = 'has the same key; remove one of the two, or make a new key';
    expect(second({ name: 'b', sha256: HASH.toUpperCase() })).toEqual([`line 2: sha256: line 1 ${sameKey}`]);
    expect(second({})).toEqual(['line 2: line 1 has this key already; remove one of the two']);
    expect(second({ name: 'b', sha256: OTHER })).toEqual([`line 2: sha256: apiKeys.own of the configuration ${sameKey}`]);
    expect(second({ name: 'own', sha256: 'c'.repeat(64) })).toEqual([
      'line 2: name: apiKeys.own of the configuration has the same name; write another',
    ]);
  });

  test('the first 20 problems are shown, and the others counted', () => {
    const found = problems('x\n'.repeat(1_000));
    expect([found.length, found[0], found[19], found[20]]).toEqual([
      21,
      `line 1: not valid JSON; ${AT_LEAST}`,
      `line 20: not valid JSON; ${AT_LEAST}`,
      'and 980 more',
    ]);
    expect(() => load('x\n'.repeat(1_000))).toThrow('1000 problems in the configuration');
  });
});

test('a reload reads the same keys, and other work runs between the parts', async () => {
  const hash = (i: number) => i.toString(16).padStart(64, '0');
  writeFileSync(file, Array.from({ length: 20_000 }, (_, i) => `${line({ name: `k-${i}`, sha256: hash(i + 1) })}\n`).join(''));
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const keys = await reloadApiKeys(sources(), {});
  isDone = true;
  expect(keys).toEqual(loadApiKeys(sources(), {}));
  expect([keys.length, keys.at(-1)?.name]).toEqual([20_000, 'k-19999']);
  expect(turns).toBeGreaterThan(10);
  writeFileSync(file, 'x');
  await expect(reloadApiKeys(sources(), {})).rejects.toThrow(`${file} line 1: not valid JSON`);
});
