// Introspection responses without an audience, about tokens of clients that the operator lists.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkAudience } from '../../../src/authorize/audience.js';
import type { IntrospectionClient } from '../../../src/verify/authenticators/introspection.js';
import { type JwksIssuer, startJwksIssuer } from '../../fixtures/jwks-issuer.js';
import { rsaKey } from '../../fixtures/mint.js';
import { endpoint, RESOURCE } from '../../support/endpoint.js';
import { active, introspecting } from '../../support/introspecting.js';
import { reasonOf } from '../../support/kinds.js';

let issuer: JwksIssuer;
beforeAll(async () => {
  issuer = await startJwksIssuer({ keys: [rsaKey()] });
});
afterAll(() => issuer.stop());

const listed: Partial<IntrospectionClient> = { audienceClients: ['web', 'cli'] };

async function reason(answer: Record<string, unknown>, changes: Partial<IntrospectionClient> = listed): Promise<string> {
  issuer.introspect = () => active(answer);
  const result = await introspecting(issuer, changes).ask();
  return result.ok ? reasonOf(checkAudience(result.value, endpoint())) : result.definition.reason;
}

test.each<[string, Record<string, unknown>]>([
  ['no aud', { aud: undefined }],
  ['an empty aud', { aud: [] }],
  ['no aud, and the client in azp', { aud: undefined, client_id: undefined, azp: 'web' }],
  ['the audience of the endpoint, of any client', { client_id: 'other' }],
])('with %s the token passes', async (_what, answer) => {
  expect(await reason(answer)).toBe('ok');
});

test.each<[string, Record<string, unknown>]>([
  ['a client that is not listed', { aud: undefined, client_id: 'other' }],
  ['a client whose name begins like a listed one', { aud: undefined, client_id: 'web2' }],
  ['a client in other letters', { aud: undefined, client_id: 'WEB' }],
  ['no client', { aud: undefined, client_id: undefined }],
  ['a listed client, and another audience', { aud: 'https://elsewhere.example' }],
  ['a listed client as its audience', { aud: ['cli'] }],
  ['an audience with a listed client beside', { aud: ['https://elsewhere.example', 'cli'] }],
])('with %s the token is rejected', async (_what, answer) => {
  expect(await reason({ aud: undefined })).toBe('ok');
  expect(await reason(answer)).toBe('audience.mismatch');
});

test('a client that differs in two claims is the first one', async () => {
  expect(await reason({ aud: undefined, client_id: 'other', azp: 'web' })).toBe('audience.mismatch');
});

test('without the list, no response without an audience passes', async () => {
  expect(await reason({ aud: undefined }, {})).toBe('audience.mismatch');
  expect(await reason({ aud: RESOURCE }, {})).toBe('ok');
});

test('the list accepts no token that another check rejects', async () => {
  expect(await reason({ aud: undefined, token_use: 'refresh' })).toMatch(/^token\./);
  expect(await reason({ aud: undefined, cnf: { jkt: 'x' } })).toBe('token.claims');
});

test('a response from the cache keeps its state', async () => {
  const { ask, introspect } = introspecting(issuer, listed);
  issuer.introspect = () => active({ aud: undefined });
  expect(await ask('t')).toMatchObject({ ok: true, value: { audience: [], boundToClient: true } });
  expect(introspect('t')).toMatchObject({ ok: true, value: { boundToClient: true } });
  issuer.introspect = () => active({ aud: undefined, client_id: 'other' });
  expect(await ask('u')).toMatchObject({ ok: true, value: { boundToClient: false } });
});
