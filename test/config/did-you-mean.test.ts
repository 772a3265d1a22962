// Which known name a misspelt one was meant to be, and where none is near.
import { expect, test } from 'vitest';
import { didYouMean } from '../../src/config/did-you-mean.js';

const KNOWN = ['host', 'port', 'issuer', 'issuers', 'upstream', 'upstreamVerifies', 'typ', 'has', 'audience'];

test.each([
  ['prot', 'port'],
  ['hots', 'host'],
  ['isuers', 'issuers'],
  ['isser', 'issuer'],
  ['issures', 'issuers'],
  ['ISSUERS', 'issuers'],
  ['upstreams', 'upstream'],
  ['upstreem', 'upstream'],
  ['upstreamverifys', 'upstreamVerifies'],
  ['tpy', 'typ'],
  ['audiense', 'audience'],
])('%s: %s', (name, meant) => expect(didYouMean(name, KNOWN)).toBe(meant));

test.each(['', 'x', 'adress', 'path', 'tip-top', 'h', 'cab', 'audiovisual', 'a'.repeat(100_000)])('%s: nothing', (name) => {
  expect(didYouMean('prot', KNOWN)).toBe('port');
  expect(didYouMean(name, KNOWN)).toBeNull();
});

test('where nothing is known nothing is near', () => expect(didYouMean('port', [])).toBeNull());
