// An introspection endpoint that fails as a test tells it to.
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { rsaKey } from '../fixtures/mint.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { active, introspecting } from './introspecting.js';

export const { json, status } = answers;
export const MINUTE = 60_000;
export let issuer: JwksIssuer;
export let server: RawUpstream;
/** Starts it for all tests of a file. */
export function startIntrospectionServer(): void {
  beforeAll(async () => {
    issuer = await startJwksIssuer({ keys: [rsaKey()] });
    server = await startRawUpstream(json(active()));
  });
  beforeEach(() => server.reset());
  afterAll(() => Promise.all([issuer.stop(), server.stop()]));
}

/** With a limit of time that a busy machine keeps, as the tests of `timeoutMs` set their own. */
export const setting = () => introspecting(issuer, { url: server.url, timeoutMs: 15_000 });
export const UNAVAILABLE = 'introspection.unavailable';
export let count = 0;
export const newToken = (): string => {
  count += 1;
  return `new-${count}`;
};

export async function inTurn(times: number, send: () => Promise<string>): Promise<Set<string>> {
  const results = new Set<string>();
  for (let i = 0; i < times; i++) results.add(await send());
  return results;
}
