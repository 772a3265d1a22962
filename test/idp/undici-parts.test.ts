// The parts of undici that the gateway loads are those of its public exports.
import { createRequire } from 'node:module';
import { Client, getGlobalDispatcher } from 'undici';
import { expect, test } from 'vitest';

const require = createRequire(import.meta.url);

test('the client of a pool', () => {
  expect(require('undici/lib/dispatcher/client.js')).toBe(Client);
});

test('the dispatcher and the request of fetchJson', () => {
  expect(require('undici/lib/global.js').getGlobalDispatcher()).toBe(getGlobalDispatcher());
  expect(require('undici/lib/api/api-request.js')).toBe(Client.prototype.request);
});
