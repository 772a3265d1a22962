// The presets of identity providers on the running gateway. All of them trust the same key, so that
// only their rules distinguish the tokens of one provider from those of another, and from near
// misses.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { needsFacade, presetNames } from '../../src/config/presets.js';
import type { Gateway } from '../fixtures/gateway.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { modern } from '../fixtures/messages.js';
import { type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { logOf, startConfigured } from '../fixtures/scene.js';
import { type Change, type IdpCase, INTROSPECTED_PRESETS, RESOURCE_HERE } from '../support/idp-case.js';
import { cloudCases } from '../support/idp-cases-cloud.js';
import { hostedCases } from '../support/idp-cases-hosted.js';
import { moreCases } from '../support/idp-cases-more.js';
import { openCases } from '../support/idp-cases-open.js';
import { ownCases } from '../support/idp-cases-own.js';

const idpCases: readonly IdpCase[] = [...hostedCases, ...cloudCases, ...openCases, ...moreCases, ...ownCases];

let keys: JwksIssuer;
let upstream: RawUpstream;
let gateway: Gateway;

beforeAll(async () => {
  [keys, upstream] = await Promise.all([startJwksIssuer(), startRawUpstream(answers.rpc())]);
  const issuers = Object.fromEntries(
    idpCases.map(({ path, preset, issuer }) => [path.slice(1), { preset, jwksUri: keys.jwksUri, ...issuer }]),
  );
  const endpoints = idpCases.map(({ path, scopes = ['files:read'] }) => ({
    path,
    issuers: [path.slice(1)],
    scopes,
    upstream: upstream.url,
  }));
  gateway = await startConfigured({ issuers, endpoints });
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all([keys.stop(), upstream.stop()]);
});
beforeEach(() => upstream.reset());

/** Removes the claims that a minted token has by default. */
const BARE = { client_id: undefined, scope: undefined };

function call({ path, issuer, header, claims }: IdpCase, change: Change = {}): Promise<RawResponse> {
  const all: Record<string, unknown> = { aud: RESOURCE_HERE, ...BARE, ...claims, ...change.claims };
  const here = (name: unknown): unknown => (name === RESOURCE_HERE ? `${gateway.url}${path}` : name);
  const token = keys.token({
    issuer: issuer.issuer,
    audience: [],
    header: { ...header, ...change.header },
    claims: { ...all, aud: Array.isArray(all.aud) ? all.aud.map(here) : here(all.aud) },
  });
  return rawRequest(gateway.port, modern('tools/list', { path, token }), { label: `a call to ${path}` });
}

test('each preset has its case', () => {
  const covered = [...idpCases.map(({ preset }) => preset), ...INTROSPECTED_PRESETS];
  // No endpoint accepts tokens of the others: their facade issues tokens.
  expect(new Set(covered)).toEqual(new Set(presetNames.filter((name) => !needsFacade(name))));
});

describe.each(idpCases.map((one) => [`${one.path.slice(1)} (A-55, C-26)`, one] as const))('%s', (_name, idp) => {
  test('a valid token passes, and the log names its subject and client', async () => {
    const response = await call(idp);
    const { reason, subject, clientId, issuer } = await logOf(gateway, response);
    expect({ reason, subject, clientId, issuer }).toEqual({ reason: 'ok', ...idp.caller, issuer: idp.issuer.issuer });
    expect([response.status, upstream.hits]).toEqual([200, 1]);
  });

  test.each(idp.variants)('a token %s passes, too', async (_what, change) => {
    expect([(await call(idp, change)).status, upstream.hits]).toEqual([200, 1]);
  });

  test.each(idp.rejected)('%s is rejected', async (_what, change, reason) => {
    expect((await call(idp)).status).toBe(200);
    const response = await call(idp, change);
    expect([response.status, upstream.hits]).toEqual([reason === 'scope.insufficient' ? 403 : 401, 1]);
    expect((await logOf(gateway, response)).reason).toBe(reason);
  });

  test('a token of every other provider is rejected (A-45)', async () => {
    expect((await call(idp)).status).toBe(200);
    for (const other of idpCases.filter(({ path }) => path !== idp.path)) {
      const response = await call({ ...other, path: idp.path });
      expect([other.path, response.status, upstream.hits]).toEqual([other.path, 401, 1]);
    }
  });
});
