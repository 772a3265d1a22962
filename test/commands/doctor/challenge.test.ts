// The parser of WWW-Authenticate (RFC 9110 section 11.6.1).
import { expect, test } from 'vitest';
import { parseChallenges } from '../../../src/commands/doctor/challenge.js';

const p = (name: string, value: string, quoted = true) => ({ name, value, quoted });

test.each([
  ['Bearer a="b", c="d e"', [{ scheme: 'Bearer', parameters: [p('a', 'b'), p('c', 'd e')] }]],
  ['Bearer Scope=a', [{ scheme: 'Bearer', parameters: [p('scope', 'a', false)] }]],
  ['Bearer a="x\\"y, Basic z=1"', [{ scheme: 'Bearer', parameters: [p('a', 'x"y, Basic z=1')] }]],
  ['Bearer', [{ scheme: 'Bearer', parameters: [] }]],
  [
    'Negotiate, Bearer a="b"',
    [
      { scheme: 'Negotiate', parameters: [] },
      { scheme: 'Bearer', parameters: [p('a', 'b')] },
    ],
  ],
  [
    'Bearer a="b", Basic realm="x", c="d"',
    [
      { scheme: 'Bearer', parameters: [p('a', 'b')] },
      { scheme: 'Basic', parameters: [p('realm', 'x'), p('c', 'd')] },
    ],
  ],
  ['Bearer a="b" c="d"', null],
  ['Bearer a="b', null],
  ['a="b"', null],
  ['Bearer a="b"; c="d"', null],
  ['', []],
])('%s', (line, challenges) => expect(parseChallenges(line)).toEqual(challenges));

test('a long malformed line takes little time', () => {
  expect(parseChallenges(`Bearer ${'a'.repeat(16_000)}`)).not.toBeUndefined();
  expect(parseChallenges(`Bearer a="${'\\'.repeat(16_000)}`)).toBe(null);
});
