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
  'x-dotted',
  'sk.live.ab12cd34ef.gh56ij78kl',
  'x-words',
  'Token ab12 cd34ef56 gh78',
];

test.each([
  ['a token', 'at /head-part-0000.claims-part-00.signature-000/x', 'at /[credential].[credential].[credential]/x'],
  ['a part of a token', 'claims-part-00', '[credential]'],
  ['another case, as in a host', 'http://SIGNATURE-000/', 'http://[credential]/'],
  ['a value with letters of a pattern', 'key a+b/(c)*secret=!', 'key [credential]!'],
  ['a key of short parts', '/login/sk.live.ab12cd34ef.gh56ij78kl', '/login/[credential]'],
  ['a key of short words', '/login/Token%20ab12+cd34ef56%20gh78', '/login/[credential]'],
  ['a key of short words without its scheme', '/login/ab12%20cd34ef56%20gh78', '/login/[credential]'],
  ['a percent-encoded value', '/a%2Bb%2F(c)%2asecret%3d/%20', '/[credential]/%20'],
  ['each character percent-encoded', '%73%6b%2e%6c%69%76%65%2e%61%62%31%32%63%64%33%34%65%66.gh56ij78kl', '[credential]'],
  ['a percent sign that encodes nothing', '100%/claims-part-00%2', '100%/[credential]%2'],
  ['it twice', 'claims-part-00 claims-part-00', '[credential] [credential]'],
  ['a short value, which is a word', '/admin/login', '/admin/login'],
  ['a scheme', 'Bearer realm', 'Bearer realm'],
  ['a name of a header', 'authorization', 'authorization'],
])('C-153: %s', (_what, text, expected) => expect(withoutPresented(text, HEADERS)).toBe(expected));

test('a call without a credential', () => expect(withoutPresented('https://x.example/', [])).toBe('https://x.example/'));
