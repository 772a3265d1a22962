// The secrets that no line of `check` repeats: with and without their scheme, but no scheme alone.
import { expect, test } from 'vitest';
import { secretsOf } from '../../src/commands/check/config-secrets.js';
import { createPrintable } from '../../src/commands/printable.js';
import { secret } from '../../src/core/secret.js';

const TOKEN = 'c2VjcmV0LXRva2Vu';
const printable = createPrintable(secretsOf({ one: [{ authorization: secret(`Bearer ${TOKEN}`) }] }));

test('masks the secret with and without its scheme', () => {
  expect(printable.text(`got Bearer ${TOKEN}`)).toBe('got [token]');
  expect(printable.text(`got ${TOKEN}`)).toBe('got [token]');
});

test('leaves the scheme alone: it is a word of the fix', () => {
  expect(printable.text('write its scheme too, such as Bearer')).toBe('write its scheme too, such as Bearer');
});

test('masks a secret of letters alone', () => {
  expect(createPrintable(secretsOf([secret('passphrase')])).text('got passphrase')).toBe('got [token]');
});
