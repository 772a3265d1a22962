// The challenges that the gateway remembers: one of each row and endpoint, which no caller can add.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { Endpoint } from '../../src/core/endpoint.js';
import { failureTable, scopeInsufficient, tokenSignature } from '../../src/core/failures.js';
import { challenge } from '../../src/http/challenge.js';
import { endpoint } from '../support/endpoint.js';

setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;
function used(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

test('failures that differ in all that a caller chooses add nothing', () => {
  const at = endpoint({ scopes: ['files:read'] });
  const fail = (i: number): void => {
    for (const definition of failureTable)
      challenge(at, {
        ok: false,
        definition,
        detail: `detail ${i}`,
        unverified: { iss: `iss ${i}`, sub: `sub ${i}` },
        cause: { message: `cause ${i}` },
      } as never);
    challenge(at, scopeInsufficient({ scopes: ['files:read', `scope ${i} ${'x'.repeat(1_000)}`] }));
  };
  for (let i = 0; i < 50; i++) fail(i);
  const before = used();
  for (let i = 0; i < 2_000; i++) fail(i);
  // The scopes alone have 2 MB.
  expect(used() - before).toBeLessThan(1_000_000);
});

test('scopes of one failure are not those of the next one', () => {
  const at = endpoint({ scopes: ['a'] });
  const of = (...scopes: string[]): string => challenge(at, scopeInsufficient({ scopes })) ?? expect.fail('none');
  const own = challenge(at, scopeInsufficient());
  expect([of('a', 'b'), of('a', 'c')]).toEqual([expect.stringContaining('"a b"'), expect.stringContaining('"a c"')]);
  expect(challenge(at, scopeInsufficient())).toBe(own);
  expect(own).toContain('scope="a"');
});

test('an endpoint that a reload dropped takes its challenges with it', async () => {
  const dropped: WeakRef<Endpoint>[] = [];
  for (let i = 0; i < 20; i++) {
    const at = endpoint({ scopes: [`scope ${i}`] });
    expect(challenge(at, tokenSignature())).toContain(`scope ${i}`);
    dropped.push(new WeakRef(at));
  }
  // A WeakRef holds its target until the end of the turn.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  // The frame of this function may still hold the last one.
  expect(dropped.filter((one) => one.deref() !== undefined).length).toBeLessThan(2);
});
