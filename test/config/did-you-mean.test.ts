// The known name that a misspelt name is closest to, and names that are close to none.
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
])('%s is close to %s', (name, meant) => expect(didYouMean(name, KNOWN)).toBe(meant));

test.each(['', 'x', 'adress', 'path', 'tip-top', 'h', 'cab', 'audiovisual', 'a'.repeat(100_000)])(
  '%s is close to no name',
  (name) => {
    expect(didYouMean('prot', KNOWN)).toBe('port');
    expect(didYouMean(name, KNOWN)).toBeUndefined();
  },
);

test.each([
  ['headersTimeoutSeconds', 'headersTimeoutMs'],
  ['headersTimeout', 'headersTimeoutMs'],
  ['outliveToken', 'outliveTokenSeconds'],
  ['maxBody', 'maxBodyBytes'],
])('%s is %s with its unit', (name, meant) =>
  expect(didYouMean(name, ['headersTimeoutMs', 'connectTimeoutMs', 'outliveTokenSeconds', 'maxBodyBytes'])).toBe(meant),
);

test('without known names no name is close', () => expect(didYouMean('port', [])).toBeUndefined());
