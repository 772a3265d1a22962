// For generated and damaged bodies, the gateway agrees with a strict reference or rejects the body.
// This test reads a few thousand bodies, and `node scripts/fuzz.mjs` a million of the same kind.
// FUZZ_SEED and FUZZ_COUNT choose others.
import { isUtf8 } from 'node:buffer';
import { setImmediate as breathe } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type MessagesResult, readMessages } from '../../src/mcp/message-reader.js';
import { checkReadable, readMessage } from '../../src/mcp/read-message.js';
import { exchange, type Lines } from '../support/exchange.js';
import { type Chance, chance, fuzzBody } from '../support/fuzz-bodies.js';
import { eraWith, honest } from '../support/header-reference.js';
import { parses } from '../support/json-tree.js';
import { readStrictly, type StrictReading } from '../support/strict-reference.js';

const COUNT = Number(process.env.FUZZ_COUNT ?? 4_000);
const given = process.env.FUZZ_SEED;
const SEEDS = given === undefined ? [1, Math.floor(Math.random() * 2 ** 31)] : [Number(given)];
/** Bodies between two turns of the event loop, and between two lines of progress. */
const STEP = 5_000;
const PROGRESS = 100_000;
const SHOWN = 5;
const TIMEOUT_MS = 20_000 + COUNT;

type Reader = (bytes: Buffer) => MessagesResult;

const NO_UTF8: MessagesResult = { ok: false, unreadable: true, detail: 'not UTF-8', idText: undefined };
/** Like read-message.ts: the reader gets only UTF-8. */
const reading: Reader = (bytes) => (isUtf8(bytes) ? readMessages(bytes) : NO_UTF8);

/** Compares the result of the reader with the reference. Null: they agree. */
function disagreement(bytes: Buffer, reading: StrictReading, found: MessagesResult): string | null {
  if (!found.ok && reading.kind === 'good' && reading.doubtful) return null;
  if (found.ok !== (reading.kind === 'good'))
    return found.ok ? `accepted, but ${JSON.stringify(reading.kind)}` : `rejected: ${found.detail}`;
  if (found.ok && reading.kind === 'good') {
    const [mine, other] = [found.messages, reading.messages].map((messages) =>
      JSON.stringify(messages.map((one) => Object.entries(one).sort())),
    );
    return mine === other && found.batch === reading.batch ? null : `read as ${mine}, not ${other}`;
  }
  if (found.ok || reading.kind === 'good') return 'impossible';
  // A reader that stops early cannot know that the rest is not JSON.
  const stopped = found.detail.startsWith('a batch of more');
  if (reading.kind === 'no JSON') return found.unreadable || stopped ? null : `not JSON, but reported as ${found.detail}`;
  if (found.unreadable && reading.tree.depth < 128) return 'JSON, but reported as not JSON';
  const ids = reading.tree.members.filter(({ written }) => written === '"id"').map(({ value }) => value.written);
  return found.idText === undefined || ids.includes(found.idText)
    ? null
    : `an id that the body does not have: ${found.idText} in ${bytes}`;
}

/** The headers of an honest client, or sometimes wrong ones. */
function linesFor(reading: StrictReading, c: Chance): Lines {
  const lines = reading.kind === 'good' ? honest(reading.messages, reading.batch) : [];
  if (!c.in100(35)) return lines;
  const at = c.below(lines.length + 1);
  const [name, value] = lines[at] ?? [c.pick(['Mcp-Method', 'Mcp-Name', 'MCP-Protocol-Version', 'Mcp-Session-Id']), 'x'];
  const lies = [
    '',
    'tools/list',
    'echo',
    'delete',
    value.toUpperCase(),
    `${value} `,
    '=?base64?!?=',
    '=?base64?ZWNobw==?=',
    '=?BASE64?ZWNobw==?=',
  ];
  const versions = ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', 'banana'];
  const line: [string, string] = [c.in100(50) ? name : name.toLowerCase(), c.pick(name.includes('Version') ? versions : lies)];
  if (c.in100(25)) lines.splice(at, 1);
  else if (c.in100(15)) lines.push([line[0], value]);
  else lines.splice(at, 1, line);
  return lines;
}

/** The same comparison for the whole step, with headers. */
function disagreementWithHeaders(bytes: Buffer, reading: StrictReading, lines: Lines): string | null {
  const asked = exchange({ lines: [['Content-Type', 'application/json'], ...lines] });
  if (checkReadable(asked) !== null) return 'rejected before the body';
  const read = readMessage(asked, bytes);
  const era = reading.kind === 'good' ? eraWith(lines, reading.messages, reading.batch) : null;
  if (!read.ok)
    return era === null || (reading.kind === 'good' && reading.doubtful)
      ? null
      : `rejected with ${JSON.stringify(lines)}: ${read.definition.reason} ${read.detail}`;
  if (era === null || reading.kind !== 'good') return `accepted with ${JSON.stringify(lines)}`;
  if (read.value.era !== era || read.value.body !== bytes) return `of era ${read.value.era}, or other bytes`;
  const mine = read.value.calls.map(({ method, idText }) => [method, idText]);
  const other = reading.messages.map(({ method = null, idText }) => [method, idText]);
  return JSON.stringify(mine) === JSON.stringify(other) ? null : `calls ${JSON.stringify(mine)}`;
}

interface Tally {
  readonly disagreements: string[];
  readonly kinds: Record<StrictReading['kind'], number>;
  readonly beyond: Record<string, number>;
  doubtful: number;
  readonly eras: Record<'modern' | 'legacy' | 'refused', number>;
}

/** Reads `count` bodies of a seed. */
async function fuzz(seed: number, count: number, reader: Reader, print: (line: string) => void = () => {}): Promise<Tally> {
  const tally: Tally = {
    disagreements: [],
    kinds: { 'no JSON': 0, bad: 0, beyond: 0, good: 0 },
    beyond: {},
    doubtful: 0,
    eras: { modern: 0, legacy: 0, refused: 0 },
  };
  for (let number = 0; number < count; number++) {
    const bytes = fuzzBody(seed, number);
    const reading = readStrictly(bytes);
    const lines = linesFor(reading, chance(~seed, number));
    tally.kinds[reading.kind]++;
    if (reading.kind === 'beyond') tally.beyond[reading.why] = (tally.beyond[reading.why] ?? 0) + 1;
    if (reading.kind === 'good' && reading.doubtful) tally.doubtful++;
    if (reading.kind === 'good') tally.eras[eraWith(lines, reading.messages, reading.batch) ?? 'refused']++;
    const differs = disagreement(bytes, reading, reader(bytes)) ?? disagreementWithHeaders(bytes, reading, lines);
    if (differs !== null)
      tally.disagreements.push(`seed ${seed}, body ${number}: ${differs}\n  ${JSON.stringify(bytes.toString())}`);
    if ((number + 1) % STEP === 0) await breathe();
    if ((number + 1) % PROGRESS === 0) print(`${number + 1} of ${count} bodies, ${tally.disagreements.length} disagreements`);
  }
  return tally;
}

test.each(SEEDS)(
  'the reader agrees with the reference or rejects: seed %d (B-18, B-20, B-21, B-25, B-31, B-36, B-50..B-53, B-58)',
  async (seed) => {
    const before = performance.now();
    const { disagreements, kinds, beyond, eras, doubtful } = await fuzz(seed, COUNT, reading, (line) => console.log(line));
    const seconds = ((performance.now() - before) / 1_000).toFixed(1);
    console.log(`seed ${seed}: ${COUNT} bodies in ${seconds} s, ${disagreements.length} disagreements`);
    console.log(JSON.stringify({ kinds, beyond, eras, doubtful }));
    expect(disagreements.slice(0, SHOWN)).toEqual([]);
    // A property over rejections alone would prove nothing.
    expect(kinds.good).toBeGreaterThan(COUNT / 5);
    expect(Math.min(kinds.bad, kinds['no JSON'])).toBeGreaterThan(COUNT / 20);
    expect(Math.min(kinds.beyond, eras.modern, eras.legacy, eras.refused)).toBeGreaterThan(COUNT / 50);
  },
  TIMEOUT_MS,
);

test('the reference reads deeper nesting than the call stack allows', () => {
  const nested = (levels: number): Buffer =>
    Buffer.from(`{"jsonrpc":"2.0","method":"m","params":{"arguments":${'['.repeat(levels)}${']'.repeat(levels)}}}`);
  expect([readStrictly(nested(100)).kind, readStrictly(nested(50_000)).kind]).toEqual(['good', 'beyond']);
});

describe('the fuzzing notices a reader that', () => {
  let correct: Promise<Tally> | undefined;
  const lax =
    (change: (text: string) => string): Reader =>
    (bytes) =>
      readMessages(Buffer.from(change(bytes.toString())));
  test.each<[string, Reader]>([
    ['keeps the last of repeated names', lax((text) => (parses(text) ? JSON.stringify(JSON.parse(text)) : text))],
    ['strips a byte order mark', lax((text) => text.replace(/^\ufeff/, ''))],
    ['replaces bytes that are not UTF-8', lax((text) => text)],
    ['accepts other white space', lax((text) => text.replaceAll(/[\v\f\u00a0\u2028]/g, ' '))],
    ['accepts a comma before the end', lax((text) => text.replaceAll(/,\s*([}\]])/g, '$1'))],
    ['does not ignore case', lax((text) => text.replaceAll(/"[A-Z][A-Za-z]*"(\s*:)/g, '"other"$1'))],
    ['rejects every backslash', (bytes) => (bytes.includes('\\') ? NO_UTF8 : reading(bytes))],
  ])('%s', async (_how, reader) => {
    correct ??= fuzz(1, 3_000, reading);
    expect((await correct).disagreements.slice(0, SHOWN)).toEqual([]);
    expect((await fuzz(1, 3_000, reader)).disagreements.length).toBeGreaterThan(0);
  });
});
