// The good parts of a bad value.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { partialParse } from '../../src/config/partial-parse.js';
import { passThroughSchema } from '../../src/config/schema/pass-through.js';

const ENTRY = { upstreamVerifies: true };

test.each([
  ['a good value gets its defaults', { ...ENTRY, scheme: 'Token' }, { ...ENTRY, scheme: 'Token', scopes: [] }],
  ['a bad field is absent', { ...ENTRY, scheme: 'Bearer' }, { ...ENTRY, scopes: [] }],
  ['a missing field is absent', { scheme: 'Token' }, { scheme: 'Token', scopes: [] }],
  ['an unknown field is absent', { ...ENTRY, x: 1 }, { ...ENTRY, scopes: [] }],
  ['a bad element keeps its place in the list', { ...ENTRY, scopes: ['a b', 'c'] }, { ...ENTRY, scopes: [undefined, 'c'] }],
  ['a string in place of a list is absent', { ...ENTRY, scopes: 'a' }, ENTRY],
  ['a string in place of a map has no good part', 'Token', undefined],
  ['null has no good part', null, undefined],
])('%s', (_title, value, partial) => expect(partialParse(passThroughSchema, value)).toEqual(partial));

const schema = z.record(z.string(), z.strictObject({ n: z.number(), m: z.number().default(1) }));

test.each<[string, unknown, unknown]>([
  ['keeps the name of a bad value', { a: { n: 2 }, b: 'x' }, { a: { n: 2, m: 1 }, b: undefined }],
  ['keeps the good fields of a bad value', { a: { n: 'x' } }, { a: { m: 1 } }],
  ['has no good part in a list', [{ n: 2 }], undefined],
])('a map with free names %s', (_title, value, partial) => expect(partialParse(schema, value)).toEqual(partial));

const kinds = z.union([
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('static'), text: z.string(), n: z.number() }),
]);

test('a union of maps is parsed as the map whose literal fields match', () =>
  expect(partialParse(kinds, { kind: 'static', text: 'x', n: 'y' })).toEqual({ kind: 'static', text: 'x' }));
