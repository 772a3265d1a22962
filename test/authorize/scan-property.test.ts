// The scanner and JSON.parse are two readers of the same bytes: what one decides from, the other must see.
import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Scanned, scan } from '../../src/authorize/scan.js';

/** A run that fails prints its seed; PROPERTY_SEED repeats it. */
const seed = Number(process.env.PROPERTY_SEED ?? Math.floor(Math.random() * 2 ** 31));
const RUNS = { seed, numRuns: 3_000, interruptAfterTimeLimit: 8_000, markInterruptAsFailure: false };
console.log(`seed of the scanner's properties: ${seed}`);

type Parsed = { ok: true; value: unknown } | { ok: false };

function parse(bytes: Buffer): Parsed {
  try {
    return { ok: true, value: JSON.parse(bytes.toString('utf8')) };
  } catch {
    return { ok: false };
  }
}

const member = (of: unknown, name: string): unknown =>
  typeof of === 'object' && of !== null && Object.hasOwn(of, name) ? (of as Record<string, unknown>)[name] : undefined;

function expectAgreement(found: Scanned, parsed: unknown): void {
  const params = member(parsed, 'params');
  const meta = member(params, '_meta');
  expect(found.method).toBe(member(parsed, 'method'));
  expect(found.idText === undefined ? undefined : JSON.parse(found.idText)).toBe(member(parsed, 'id'));
  expect([found.name, found.uri, found.taskId]).toEqual(['name', 'uri', 'taskId'].map((name) => member(params, name)));
  expect(found.metaVersion).toBe(member(meta, 'io.modelcontextprotocol/protocolVersion'));
}

/** The promise itself; returns whether the scanner took the bytes. */
function hold(bytes: Buffer): boolean {
  // read.ts asks this first, so the scanner never sees other bytes.
  if (!isUtf8(bytes)) return false;
  const parsed = parse(bytes);
  const found = scan(bytes);
  if (!parsed.ok) expect(found).toMatchObject({ ok: false, unreadable: true });
  if (!found.ok) return false;
  if (!parsed.ok) return false;
  const values = found.batch ? (parsed.value as unknown[]) : [parsed.value];
  expect(values).toHaveLength(found.messages.length);
  found.messages.forEach((message, i) => {
    expectAgreement(message, values[i]);
  });
  return true;
}

const tricky = fc.constantFrom(
  'method',
  'Method',
  'id',
  'ID',
  'params',
  'name',
  'NAME',
  'uri',
  '_meta',
  '__proto__',
  'jsonrpc',
  'result',
  '\u017f',
  '\ud800',
);
const name = fc.oneof(tricky, fc.string({ unit: 'binary', maxLength: 6 }));
const anything = fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' });
const params = fc.record(
  {
    name,
    uri: name,
    taskId: fc.oneof(name, anything),
    _meta: fc.oneof(fc.constant({ 'io.modelcontextprotocol/protocolVersion': '2026-07-28' }), anything),
    arguments: anything,
  },
  { requiredKeys: [] },
);
const message = fc.record(
  {
    jsonrpc: fc.constant('2.0'),
    id: fc.oneof(fc.integer(), fc.string({ unit: 'binary' }), anything),
    method: fc.oneof(name, anything),
    params: fc.oneof(params, anything),
    result: anything,
  },
  { requiredKeys: ['jsonrpc'] },
);
const indent = fc.constantFrom('', ' ', '\t', '\n');
const text = fc.tuple(
  fc.oneof(
    { weight: 6, arbitrary: message },
    { weight: 1, arbitrary: fc.array(message, { maxLength: 3 }) },
    { weight: 1, arbitrary: anything },
  ),
  indent,
);
const bytesOf = ([value, space]: [unknown, string]): Buffer => Buffer.from(JSON.stringify(value, null, space));

const patch = fc.oneof(
  fc.constantFrom(
    ...[
      '"',
      '\\',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '0',
      '1',
      '-',
      '.',
      'e',
      'u',
      ' ',
      '\n',
      '\\u006d',
      '"method":"x",',
      '"id":2,',
      '/*',
      '\ufeff',
      'null',
    ].map((piece) => Buffer.from(piece)),
  ),
  fc.uint8Array({ minLength: 1, maxLength: 2 }).map((piece) => Buffer.from(piece)),
);
const mutation = fc.record({
  at: fc.nat(),
  remove: fc.integer({ min: 0, max: 2 }),
  patch: fc.option(patch, { nil: Buffer.alloc(0) }),
});

function mutate(bytes: Buffer, mutations: readonly { at: number; remove: number; patch: Buffer }[]): Buffer {
  return mutations.reduce((before, { at, remove, patch: piece }) => {
    const from = at % (before.length + 1);
    return Buffer.concat([before.subarray(0, from), piece, before.subarray(from + remove)]);
  }, bytes);
}

test('agrees with JSON.parse on every JSON value (B-25)', () => {
  let taken = 0;
  fc.assert(
    fc.property(text, (one) => {
      if (hold(bytesOf(one))) taken += 1;
    }),
    RUNS,
  );
  // A property over refusals alone would prove nothing.
  expect(taken).toBeGreaterThan(RUNS.numRuns / 50);
});

test('agrees with JSON.parse when bytes are changed (B-25, B-18)', () => {
  let taken = 0;
  fc.assert(
    fc.property(text, fc.array(mutation, { minLength: 1, maxLength: 3 }), (one, mutations) => {
      if (hold(mutate(bytesOf(one), mutations))) taken += 1;
    }),
    RUNS,
  );
  expect(taken).toBeGreaterThan(10);
});

test('refuses every message of which a name was doubled (B-25)', () => {
  const plain = fc.record({
    jsonrpc: fc.constant('2.0'),
    id: fc.integer(),
    method: fc.string({ minLength: 1 }),
    params: fc.record({ name: fc.string() }),
  });
  fc.assert(
    fc.property(
      plain,
      fc.constantFrom('jsonrpc', 'id', 'method', 'params', 'METHOD', 'meth\\u006fd'),
      anything,
      (value, doubled, second) => {
        const good = JSON.stringify(value);
        const bad = `${good.slice(0, -1)},"${doubled}":${JSON.stringify(second)}}`;
        expect(scan(Buffer.from(good)).ok).toBe(true);
        expect(scan(Buffer.from(bad))).toMatchObject({ ok: false });
      },
    ),
    { ...RUNS, numRuns: 500 },
  );
});
