// Which URLs are https or on loopback. The table of origins is in test/http/origin.test.ts.
import { describe, expect, test } from 'vitest';
import { isProtectedUrl } from '../../src/core/loopback.js';

describe('a protected URL: https, or http on loopback (A-07, A-64)', () => {
  test.each(['https://a.example/x', 'http://localhost:1/', 'http://127.0.0.1/', 'http://127.9.9.9:8/', 'http://[::1]:9/'])(
    '%s',
    (url) => {
      expect(isProtectedUrl(url)).toBe(true);
    },
  );
  test.each([
    'http://a.example/',
    'http://127.0.0.1.evil.example/',
    'http://localhost.evil.example/',
    'http://0.0.0.0/',
    'ftp://a.example/',
    'javascript:1',
    '',
    'x',
    null,
    5,
  ])('not %s', (url) => {
    expect(isProtectedUrl(url)).toBe(false);
  });
});
