// Names of headers and schemes pass. Parts of keys do not, because the commands show such names.
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { isPlainName } from '../../src/core/plain-name.js';

describe('isPlainName', () => {
  test.each([
    'Authorization',
    'Bearer',
    'Token',
    'ApiKey',
    'DPoP',
    'X-Api-Key',
    'x-api-key',
    'X-API-Key',
    'X-Partner2-Key',
    'AWS4-HMAC-SHA256',
    'Ocp-Apim-Subscription-Key',
  ])('%s is a name', (name) => expect(isPlainName(name)).toBe(true));

  test.each(['', 'sk_live_4f7', 'a:b', `x${'-ab'.repeat(20)}`, 'abcdefghijklmnopqrst', 'a1b2c3d4'])('%s is not a name', (name) =>
    expect(isPlainName(name)).toBe(false),
  );

  test.each(['base64url', 'hex'] as const)('no part of 20 characters of a random key in %s is a name', (encoding) => {
    const parts = Array.from({ length: 5000 }, () => `a${randomBytes(30).toString(encoding).slice(0, 19)}`);
    // By chance one of about ten thousand parts looks like words.
    expect(parts.filter(isPlainName).length).toBeLessThan(5);
  });
});
