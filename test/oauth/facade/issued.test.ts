// The token endpoint of a facade in mode issued: what it asks, what it issues, and how it fails.
import { createHash } from 'node:crypto';
import { decodeJwt } from 'jose';
import { describe, expect, test } from 'vitest';
import type { ResolvedIssued } from '../../../src/config/resolved-config.js';
import { keysUnavailable, tokenSignature } from '../../../src/core/failures.js';
import { ok } from '../../../src/core/result.js';
import { FORM, facadeScene, header, IDP, ISSUER, jsonOf, query, tokens } from '../../support/facade-server.js';
import { files } from '../../support/grants.js';

const issued: ResolvedIssued = { tokenSeconds: 300, claims: ['email'], requiredClaims: { hd: ['example.com'] }, userUrl: null };
const CLAIMS = { hd: 'example.com', email: 'a@example.com', secret: 'not copied' };
const ANSWER = { access_token: 'at', id_token: 'idt', refresh_token: 'rt', expires_in: 60, scope: 'openid' };

function scene(changes: Partial<ResolvedIssued> = {}) {
  const made = facadeScene({ issued: { ...issued, ...changes }, sendResource: false });
  made.state.answerOfIdp = tokens(ANSWER);
  made.state.person = ok({ subject: 'u1', claims: CLAIMS });
  const refresh = (clientId: string, token: unknown, fields: Record<string, string> = {}) =>
    made.call(
      'token',
      'POST',
      query({ grant_type: 'refresh_token', client_id: clientId, refresh_token: String(token), ...fields }),
      FORM,
    );
  const loggedIn = async () => {
    const begun = await made.toCode();
    const answer = await begun.exchange();
    return { ...begun, answer, json: jsonOf(answer) };
  };
  return { ...made, refresh, loggedIn };
}

const errorOf = (answer: Parameters<typeof jsonOf>[0]) => [answer.status, jsonOf(answer).error];
const detailOf = ({ failure }: { readonly failure: { readonly detail?: string } | null }): string => String(failure?.detail);

describe('a login', () => {
  test('sends a nonce and the scopes of the operator alone, and checks that nonce', async () => {
    const { toCode, idTokens } = scene();
    const { toIdp, exchange } = await toCode();
    const sent = Object.fromEntries(toIdp.searchParams);
    expect(sent).toMatchObject({ scope: 'openid', nonce: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(toIdp.searchParams.has('resource')).toBe(false);
    expect((await exchange()).status).toBe(200);
    expect(idTokens).toEqual([{ token: 'idt', nonce: sent.nonce, isRefreshed: false }]);
  });

  test('shows the scopes of the token on the consent page', async () => {
    const { begin } = scene();
    expect((await begin()).shown.body).toMatchObject({ kind: 'consent', scopes: ['files:read'] });
  });

  test('ends with a token for the resource, and with no token of the identity provider', async () => {
    const { loggedIn, clock } = scene();
    const { json, clientId } = await loggedIn();
    const iat = Math.floor(clock.wallMs() / 1000);
    const client_id = createHash('sha256').update(clientId).digest('base64url');
    const person = { email: 'a@example.com', sub: `${IDP}|u1` };
    const claims = { ...person, iss: ISSUER, aud: files.resource, client_id, scope: 'files:read', iat, exp: iat + 300 };
    expect(decodeJwt(String(json.access_token))).toEqual({ ...claims, jti: expect.any(String) });
    expect(json).toMatchObject({ token_type: 'Bearer', expires_in: 300, scope: 'files:read' });
    expect(Object.values(json)).not.toEqual(expect.arrayContaining(['at', 'rt', 'idt', 'openid']));
  });

  test('without a refresh token of the identity provider gives none', async () => {
    const { loggedIn, state } = scene();
    state.answerOfIdp = tokens({ ...ANSWER, refresh_token: undefined });
    expect((await loggedIn()).json).not.toHaveProperty('refresh_token');
  });

  test('whose ID token is missing or cannot be verified is 503', async () => {
    const { loggedIn, state } = scene();
    expect((await loggedIn()).answer.status).toBe(200);
    state.person = keysUnavailable({ detail: 'no keys' });
    const unavailable = (await loggedIn()).answer;
    expect([unavailable.status, detailOf(unavailable)]).toEqual([503, 'the ID token: keys.unavailable, no keys']);
    state.answerOfIdp = tokens({ ...ANSWER, id_token: undefined });
    const missing = (await loggedIn()).answer;
    expect([missing.status, detailOf(missing)]).toEqual([503, 'the identity provider sent no ID token']);
  });

  test('whose ID token is bad, or without the required claims, gets no token', async () => {
    const { loggedIn, state } = scene();
    state.person = tokenSignature();
    const bad = (await loggedIn()).answer;
    expect([...errorOf(bad), detailOf(bad)]).toEqual([400, 'invalid_grant', 'invalid_grant: the ID token: token.signature']);
    state.person = ok({ subject: 'u1', claims: { ...CLAIMS, hd: 'example.org' } });
    const lacking = (await loggedIn()).answer;
    expect([...errorOf(lacking), detailOf(lacking)]).toEqual([
      400,
      'invalid_grant',
      expect.stringContaining('the person lacks hd'),
    ]);
    expect(String(jsonOf(lacking).error_description)).toContain('ask the operator of the server');
    expect(header(lacking, 'cache-control')).toBe('no-store');
  });

  test('with claims that are too long gets no token', async () => {
    const { loggedIn, state } = scene();
    state.person = ok({ subject: 'u1', claims: { ...CLAIMS, email: 'a'.repeat(4_096) } });
    expect(detailOf((await loggedIn()).answer)).toContain('too long');
  });
});

describe('a refresh', () => {
  test('asks again, about the same person', async () => {
    const { loggedIn, refresh, state, requests, idTokens } = scene();
    const { clientId, json } = await loggedIn();
    const renewed = await refresh(clientId, json.refresh_token);
    expect(renewed.status).toBe(200);
    expect(idTokens.at(-1)).toEqual({ ...idTokens[0], isRefreshed: true });
    expect(Object.fromEntries(requests.at(-1)?.form ?? [])).toMatchObject({ grant_type: 'refresh_token', refresh_token: 'rt' });
    expect(requests.at(-1)?.form?.has('scope')).toBe(false);
    state.person = ok({ subject: 'u2', claims: CLAIMS });
    const other = await refresh(clientId, json.refresh_token);
    expect([...errorOf(other), detailOf(other)]).toEqual([400, 'invalid_grant', expect.stringContaining('another person')]);
  });

  test('may have no new ID token, and no new refresh token', async () => {
    const { loggedIn, refresh, state, idTokens } = scene();
    const { clientId, json } = await loggedIn();
    state.answerOfIdp = tokens({ access_token: 'at2' });
    const renewed = jsonOf(await refresh(clientId, json.refresh_token));
    expect(decodeJwt(String(renewed.access_token))).toMatchObject({ sub: `${IDP}|u1`, email: 'a@example.com' });
    expect([Object.hasOwn(renewed, 'refresh_token'), idTokens.length]).toEqual([false, 1]);
  });

  test('loses a person who lost a required claim, or was removed', async () => {
    const { loggedIn, refresh, state } = scene();
    const { clientId, json } = await loggedIn();
    state.person = ok({ subject: 'u1', claims: {} });
    expect(errorOf(await refresh(clientId, json.refresh_token))).toEqual([400, 'invalid_grant']);
    state.answerOfIdp = tokens({ error: 'invalid_grant', error_description: 'the user u1 is gone' }, 400);
    const removed = await refresh(clientId, json.refresh_token);
    expect(errorOf(removed)).toEqual([400, 'invalid_grant']);
    expect(JSON.stringify(jsonOf(removed))).not.toContain('u1');
  });

  test('takes no refresh token of the mode pass, which takes none of this mode', async () => {
    const [issuing, passing] = [scene(), facadeScene()];
    const ours = await issuing.loggedIn();
    const { clientId, exchange } = await passing.toCode();
    const theirs = jsonOf(await exchange());
    expect(detailOf(await issuing.refresh(clientId, theirs.refresh_token))).toContain('a refresh token that is foreign');
    const form = { grant_type: 'refresh_token', client_id: ours.clientId, refresh_token: String(ours.json.refresh_token) };
    expect(detailOf(await passing.call('token', 'POST', query(form), FORM))).toContain('a refresh token that is foreign');
  });
});

test('a client revokes its refresh token, and with it that of the identity provider', async () => {
  const { loggedIn, call, requests } = scene();
  const { clientId, json } = await loggedIn();
  const revoked = await call('revoke', 'POST', query({ client_id: clientId, token: String(json.refresh_token) }), FORM);
  expect(revoked.status).toBe(200);
  expect(Object.fromEntries(requests.at(-1)?.form ?? [])).toMatchObject({ token: 'rt', token_type_hint: 'refresh_token' });
  expect(requests.at(-1)?.url).toBe(`${IDP}/revoke`);
  const own = await call('revoke', 'POST', query({ client_id: clientId, token: String(json.access_token) }), FORM);
  expect(errorOf(own)).toEqual([400, 'unsupported_token_type']);
});

test('only the mode issued publishes a key', async () => {
  expect((jsonOf(await scene().call('jwks', 'GET')).keys as object[]).length).toBe(1);
  expect(jsonOf(await facadeScene().call('jwks', 'GET'))).toEqual({ keys: [] });
});
