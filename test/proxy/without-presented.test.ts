// Masks the credential that the gateway presented, in texts of an upstream.
import { expect, test } from 'vitest';
import { withoutPresented } from '../../src/proxy/without-presented.js';

const HEADERS = [
  'authorization',
  'Bearer head-part-0000.claims-part-00.signature-000',
  'x-key',
  'a+b/(c)*secret=',
  'x-word',
  'admin',
];

test.each([
  ['a token', 'at /head-part-0000.claims-part-00.signature-000/x', 'at /[credential].[credential].[credential]/x'],
  ['a part of a token', 'claims-part-00', '[credential]'],
  ['another case, as in a host', 'http://SIGNATURE-000/', 'http://[credential]/'],
  ['a value with letters of a pattern', 'key a+b/(c)*secret=!', 'key [credential]!'],
  ['it twice', 'claims-part-00 claims-part-00', '[credential] [credential]'],
  ['a short value, which is a word', '/admin/login', '/admin/login'],
  ['a scheme', 'Bearer realm', 'Bearer realm'],
  ['a name of a header', 'authorization', 'authorization'],
])('C-153: %s', (_what, text, expected) => expect(withoutPresented(text, HEADERS)).toBe(expected));

test('a call without a credential', () => expect(withoutPresented('https://x.example/', [])).toBe('https://x.example/'));
