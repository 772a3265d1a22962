// The laws of the failure table, which every row must keep.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type FailureDefinition, type MakeFailure, retryAfterSeconds } from '../../src/core/failure.js';
import * as failures from '../../src/core/failures.js';
import { failureTable } from '../../src/core/failures.js';
import { plainText } from '../../src/core/help/meaning.js';
import { meanings } from '../../src/core/help/meanings.js';
import { sources, tests, withoutComments } from '../support/sources.js';

const DEFINED_CODES = [-32700, -32600, -32602, -32603, -32020, -32022];

/** Each law with a function that finds the rows that break it. */
const laws: readonly [law: string, breaks: (row: FailureDefinition) => boolean][] = [
  [
    '401 has a challenge, bare or invalid_token (A-20, C-03)',
    (r) => r.status === 401 && !['bare', 'invalid_token'].includes(String(r.challenge)),
  ],
  [
    'only a 401 has invalid_token or a bare challenge (C-08)',
    (r) => ['bare', 'invalid_token'].includes(String(r.challenge)) && r.status !== 401,
  ],
  ['only a 400 has invalid_request (C-08)', (r) => r.challenge === 'invalid_request' && r.status !== 400],
  [
    'only scope.insufficient has insufficient_scope (A-34)',
    (r) => (r.challenge === 'insufficient_scope') !== (r.reason === 'scope.insufficient'),
  ],
  ['only failures of the caller have a challenge', (r) => r.challenge !== null && r.blame !== 'caller'],
  ['failures of the caller are 4xx', (r) => r.blame === 'caller' && r.status !== null && (r.status < 400 || r.status > 499)],
  [
    'failures of a dependency or the gateway are 5xx (C-66)',
    (r) => r.blame !== 'caller' && r.status !== null && (r.status < 500 || r.status > 599),
  ],
  [
    'the code is -(31000 + status) or a defined one (D-03)',
    (r) => r.code !== null && r.status !== null && r.code !== -(31000 + Number(r.status)) && !DEFINED_CODES.includes(r.code),
  ],
  [
    'defined codes have status 400, except the internal error (D-04)',
    (r) => r.code !== null && r.status !== null && DEFINED_CODES.includes(r.code) && r.status !== (r.code === -32603 ? 500 : 400),
  ],
  [
    'no status means no code, except for the last event of a stream: the code of a 401, 502 or 504 (B-77, B-78)',
    (r) => r.status === null && r.code !== null && !(r.reason.startsWith('stream.') && [-31401, -31502, -31504].includes(r.code)),
  ],
  [
    'no code means no status, except for requests that the gateway could not read',
    (r) => r.code === null && r.status !== null && !r.reason.startsWith('connection.'),
  ],
  ['a code comes with a message, and a message with a code', (r) => (r.code === null) !== (r.message === null)],
  [
    'failures of the gateway have level error, except draining',
    (r) => r.blame === 'gateway' && r.reason !== 'gateway.draining' && r.level !== 'error',
  ],
  [
    'a message has only characters that a challenge may have (C-04)',
    (r) => r.message !== null && !/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(r.message),
  ],
  [
    'no message has a text that a client takes for a parameter (A-26)',
    (r) => /(scope|error|resource_metadata)=/.test(r.message ?? ''),
  ],
];

const makers = Object.entries(failures).filter(
  (entry): entry is [string, MakeFailure] => typeof entry[1] === 'function' && 'definition' in entry[1],
);

const document = readFileSync(new URL('../../docs/failures.md', import.meta.url), 'utf8');
/** The text under each heading that is a reason. */
const sections = new Map(
  document
    .split(/\n(?=#{2,3} )/)
    .filter((part) => part.startsWith('### '))
    .map((part) => [part.slice(4).split('\n', 1)[0] as string, part]),
);

interface Script {
  render(table: readonly FailureDefinition[], texts: typeof meanings): string;
}
const script = (): Promise<Script> =>
  import(/* @vite-ignore */ new URL('../../scripts/failures-doc.mjs', import.meta.url).href) as Promise<Script>;

describe('the table', () => {
  test('has rows', () => {
    expect(failureTable.length).toBeGreaterThan(50);
  });

  test.each(laws)('%s', (_law, breaks) => {
    expect(failureTable.filter(breaks).map((row) => row.reason)).toEqual([]);
  });

  test('each law can be broken', () => {
    const shapes: Partial<FailureDefinition>[] = [
      { status: 401, challenge: null },
      { status: 403, challenge: 'bare' },
      { status: 403, challenge: 'invalid_request' },
      { reason: 'tool.denied', challenge: 'insufficient_scope' },
      { blame: 'gateway', challenge: 'bare' },
      { blame: 'caller', status: 503 },
      { blame: 'dependency', status: 401 },
      { status: 403, code: -31404 },
      { status: 403, code: -32600 },
      { status: null, code: -31404 },
      { reason: 'tool.denied', status: 403, code: null },
      { code: null, message: 'x' },
      { blame: 'gateway', level: 'warn' },
      { message: 'say "please"' },
      { message: 'scope=x' },
    ];
    const valid: FailureDefinition = {
      reason: 'a.b',
      blame: 'caller',
      status: 400,
      challenge: null,
      code: -31400,
      message: 'x',
      event: 'a.b',
      level: 'info',
    };
    expect(laws.filter(([, breaks]) => breaks(valid)).map(([law]) => law)).toEqual([]);
    for (const [i, [law, breaks]] of laws.entries()) expect([law, breaks({ ...valid, ...shapes[i] })]).toEqual([law, true]);
  });

  test.each(['reason', 'event'] as const)('each %s is unique', (member) => {
    const all = failureTable.map((row) => row[member]);
    expect(all.filter((value, i) => all.indexOf(value) !== i)).toEqual([]);
  });

  test('cannot be changed at run time', () => {
    expect(failureTable.filter((row) => !Object.isFrozen(row))).toEqual([]);
  });
});

describe('Retry-After', () => {
  test.each(failureTable.map((row) => [row.reason, row] as const))('%s has it exactly if it is 503 or 429', (_reason, row) => {
    const seconds = retryAfterSeconds({ ok: false, definition: row });
    if (row.status === 503 || row.status === 429) expect(seconds).toBe(5);
    else expect(seconds).toBeUndefined();
  });

  test.each([
    [0, 1],
    [-3, 1],
    [0.2, 1],
    [1.2, 2],
    [30, 30],
    [9999, 30],
  ])('%d s becomes %d: whole seconds from 1 to 30', (seconds, sent) => {
    expect(retryAfterSeconds(failures.keysUnavailable({ retryAfterSeconds: seconds }))).toBe(sent);
  });
});

describe('reasons', () => {
  test('one function creates each, and has its name', () => {
    const named = (reason: string): string => reason.replace(/[._]([a-z])/g, (_all, letter: string) => letter.toUpperCase());
    const made = Object.fromEntries(makers.map(([name, make]) => [name, make().definition.reason]));
    expect(made).toEqual(Object.fromEntries(failureTable.map((row) => [named(row.reason), row.reason])));
    expect(made.originRefused).toBe('origin.refused');
  });

  test('a failure is a value with its definition and its details', () => {
    const failure = failures.tokenExpired({ detail: 'exp' });
    expect(failure).toEqual({ ok: false, definition: failures.tokenExpired.definition, detail: 'exp' });
  });

  test('are literals in no other source', () => {
    const spelled = (text: string): string[] =>
      failureTable
        .map((row) => row.reason)
        .filter((reason) => new RegExp(`['"\`]${reason.replace('.', '\\.')}['"\`]`).test(text));
    const others = sources().filter(({ path }) => path !== 'core/failures.ts' && !path.startsWith('core/help/'));
    expect(spelled("if (reason === 'tool.denied') return;")).toEqual(['tool.denied']);
    expect(others.flatMap(({ path, text }) => spelled(withoutComments(text)).map((reason) => `${path}: ${reason}`))).toEqual([]);
  });

  const code = sources()
    .filter(({ path }) => path !== 'core/failures.ts')
    .map(({ text }) => withoutComments(text).replace(/import [^;]*;/g, ''))
    .join('\n');
  const raised = makers.filter(([name]) => new RegExp(`\\b${name}\\b`).test(code)).map(([, make]) => make.definition.reason);
  const provoked = tests()
    .filter(({ path }) => path !== 'core/failure.test.ts')
    .map(({ text }) => withoutComments(text))
    .join('\n');

  test('a source raises each, and a test provokes it', () => {
    const reasons = failureTable.map(({ reason }) => reason);
    expect(reasons.filter((reason) => !raised.includes(reason))).toEqual([]);
    expect(reasons.filter((reason) => !provoked.includes(`'${reason}'`))).toEqual([]);
  });
});

describe('docs/failures.md', () => {
  test('has a section for each reason, and no other', () => {
    expect([...sections.keys()].sort()).toEqual(failureTable.map(({ reason }) => reason).sort());
  });

  test.each(failureTable.map((row) => [row.reason, row] as const))('states each column of %s', (reason, row) => {
    const text = sections.get(reason) ?? '';
    const facts = text.split('\n').filter((line) => line.startsWith('- '));
    const error = row.challenge === 'bare' ? 'without error' : `\`${row.challenge}\``;
    const challenge = row.challenge === null ? '' : `, challenge ${error}`;
    expect(facts.slice(0, 4)).toEqual([
      row.status === null ? '- No HTTP status' : `- HTTP status ${row.status}${challenge}`,
      row.code === null ? '- No JSON-RPC error' : `- JSON-RPC error ${row.code}, message "${row.message}"`,
      `- Log event \`${row.event}\`, level ${row.level}`,
      `- Blame: ${row.blame}`,
    ]);
    expect(text).toMatch(/^\*\*Cause:\*\* \S.{15}/m);
    expect(text).toMatch(/^\*\*Action:\*\* \S.{7}/m);
  });

  test('links each reason once in its list by status', () => {
    const linked = [...document.matchAll(/\[([a-z_.]+)\]\(#([a-z_]+)\)/g)].map(([, reason, anchor]) => [reason, anchor]);
    expect(linked.sort()).toEqual(failureTable.map(({ reason }) => [reason, reason.replace('.', '')]).sort());
  });

  test('has lines of at most 100 columns', () => {
    expect(document.split('\n').filter((line) => line.length > 100)).toEqual([]);
  });

  test('is what scripts/failures-doc.mjs writes', async () => {
    const { render } = await script();
    expect(document).toBe(render(failureTable, meanings));
    expect(Object.keys(meanings).sort()).toEqual(failureTable.map((row) => row.reason).sort());
  });

  test('has texts that are plain without the links and the marks of lists', () => {
    expect(plainText(['See `a`,', '[kinds](idps.md#kinds). - `b`: c', '- `d`'])).toBe('See `a`, kinds. `b`: c `d`');
    const actions = failureTable.map(({ reason }) => plainText(meanings[reason]?.action ?? []));
    expect(actions.filter((text) => text.length < 5 || /\]\(| - |^- |\s{2}/.test(text))).toEqual([]);
  });
});
