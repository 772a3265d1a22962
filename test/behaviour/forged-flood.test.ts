// A flood of forged tokens beside good calls. It counts: how many forged tokens get their answer
// while a good call waits for its own.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { modern } from '../fixtures/messages.js';
import type { GatewayProcess } from '../fixtures/process.js';
import { openRaw, type RawConnection, requestBytes } from '../fixtures/raw-client.js';
import { type Scene, startScene } from '../fixtures/scene.js';

/** Each sends its next forged token when it has the answer to the last one. */
const FLOODERS = 128;
const CALLS = 25;
const FLOOD = '203.0.113.7';
const OTHER = '198.51.100.9';

let scene: Scene<GatewayProcess>;
beforeAll(async () => {
  scene = await startScene({ process: true, root: { trustedProxies: ['127.0.0.1'], logLevel: 'error' } });
});
afterAll(() => scene.stop());

const request = (token: string, from: string): Buffer =>
  requestBytes(scene.gateway.port, modern('tools/list', { token, headers: [['X-Forwarded-For', from]] }));

/** Tokens that differ in their claims, with the signature of another one. */
function forger(): () => string {
  const [head, payload = '', signature] = scene.token().split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  let count = 0;
  return () => `${head}.${Buffer.from(JSON.stringify({ ...claims, jti: `f${count++}` })).toString('base64url')}.${signature}`;
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

test('a known caller, and a new one of another address, do not wait for the flood', { timeout: 60_000 }, async () => {
  const known = scene.token({ claims: { sub: 'known' } });
  const fresh = Array.from({ length: CALLS }, (_, i) => scene.token({ claims: { sub: `new ${i}` } }));
  const friend = await openRaw(scene.gateway.port);
  const call = async (connection: RawConnection, token: string, from: string): Promise<number> => {
    await connection.write(request(token, from));
    return (await connection.response({ ms: 20_000 })).status;
  };
  expect(await call(friend, known, FLOOD)).toBe(200);
  scene.upstream.reset();

  const forged = forger();
  const statuses = new Set<number>();
  let answered = 0;
  let isOver = false;
  const flooder = async (): Promise<void> => {
    const connection = await openRaw(scene.gateway.port);
    while (!isOver) {
      statuses.add(await call(connection, forged(), FLOOD));
      answered++;
    }
    connection.destroy();
  };
  const flood = Array.from({ length: FLOODERS }, flooder);
  while (answered < 2 * FLOODERS) await new Promise(setImmediate);

  /** The forged tokens that got their answer during each call. */
  const beside = async (tokens: string[], from: string): Promise<number[]> => {
    const counts: number[] = [];
    for (const token of tokens) {
      const before = answered;
      expect(await call(friend, token, from)).toBe(200);
      counts.push(answered - before);
    }
    return counts;
  };
  const counts = {
    known: median(await beside(Array(CALLS).fill(known), FLOOD)),
    fresh: median(await beside(fresh, OTHER)),
  };
  isOver = true;
  await Promise.all(flood);
  friend.destroy();

  expect([...statuses]).toEqual([401]);
  expect(scene.upstream.hits).toBe(2 * CALLS);
  console.log(`forged answers during a call, in the median: ${JSON.stringify(counts)}, in all ${answered}`);
  // Each flooder has a token in the gateway at any time. A call behind all of them waits for
  // FLOODERS answers, and twice as many where it waits again for its check.
  expect(counts.known).toBeLessThan(0.75 * FLOODERS);
  expect(counts.fresh).toBeLessThan(FLOODERS);
});
