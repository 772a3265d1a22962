// The corridor: an exception in a step is a bug. The caller gets an answer, and the process
// continues.
import { describe, expect, test } from 'vitest';
import * as failures from '../src/core/failures.js';
import { corridor, ending, ORDER, run, type Steps, through } from './support/corridor.js';
import { exchange } from './support/exchange.js';

const boom = (): never => {
  throw new Error('boom');
};

describe('an exception is a bug', () => {
  test.each<[keyof Steps, Partial<Steps>]>([
    ['readCredential', { readCredential: boom }],
    ['authenticate', { authenticate: boom }],
    ['authenticate', { authenticate: () => Promise.reject(new Error('boom')) }],
  ])('at %s gives 503, never a pass and never 500: %# (C-48)', async (step, changes) => {
    const { steps, kind, recorded } = await run(changes);
    expect([steps, kind]).toEqual([through(step), 'verify.fault']);
    expect(recorded[0]?.failure?.cause).toMatchObject({ message: 'boom' });
  });

  test.each<[keyof Steps, Partial<Steps>]>([
    ['validate', { validate: boom }],
    ['origin', { origin: boom }],
    ['method', { method: boom }],
    ['readable', { readable: boom }],
    ['read', { read: boom }],
    ['authorize', { authorize: boom }],
    ['limit', { limit: boom }],
    ['limit', { limit: () => Promise.reject(new Error('boom')) }],
    ['headers', { headers: boom }],
    ['headers', { headers: () => Promise.reject(new Error('boom')) }],
    ['forward', { forward: boom }],
  ])('at %s gives 500 (D-22)', async (step, changes) => {
    const { steps, kind, recorded } = await run(changes);
    expect([steps, kind]).toEqual([through(step), 'gateway.fault']);
    expect(recorded[0]?.failure?.cause).toMatchObject({ message: 'boom' });
  });
});

test('an exception after the exchange ended changes nothing (D-22)', async () => {
  const { recorded, steps } = await run({
    forward(asked, _caller, _message, _headers, listener) {
      asked.begin(200, []);
      listener.onResponseEnd(null);
      throw new Error('boom');
    },
  });
  await Promise.resolve();
  expect(recorded).toMatchObject([{ failure: null, status: 200 }]);
  expect(steps).toBe(ORDER.join(' '));
});

test('an exception while the id is read changes nothing', async () => {
  const readCredential = () => failures.credentialMissing();
  expect((await run({ readCredential, callId: boom })).kind).toBe('credential.missing');
});

test('an exception in sendError or record closes the connection, not the process (D-22)', () => {
  for (const changes of [{ record: boom }, { readCredential: () => failures.credentialMissing(), sendError: boom }]) {
    const asked = exchange({ method: 'GET' });
    const { gateway } = corridor({ forward: ending(failures.upstreamBusy()), ...changes });
    gateway(asked);
    expect(asked.destroyed).toBe(true);
  }
});
