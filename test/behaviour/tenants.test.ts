// Two tenants on two hosts with the same path, kid and sub: no credential, answer or session of one
// works at the other. Each test first shows that the credential is good at its own host.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { legacy } from '../fixtures/messages.js';
import { rawRequest } from '../fixtures/raw-client.js';
import { until } from '../fixtures/wait.js';
import { openStream } from '../support/stream-calls.js';
import { resultOf, SUB, startTenants, type Tenant, type Tenants } from '../support/tenants.js';

let all: Tenants;
let pairs: [Tenant, Tenant][];
beforeAll(async () => {
  all = await startTenants();
  pairs = [
    [all.a, all.b],
    [all.b, all.a],
  ];
});
afterAll(() => all.stop());
beforeEach(() => {
  for (const [own] of pairs) {
    own.upstream.reset();
    own.tokenEndpoint.reset();
  }
});

/** Good at its own host, and rejected at the other one without a byte for the upstream. */
async function staysAtHome(own: Tenant, other: Tenant, headers: [string, string][], path = '/mcp'): Promise<void> {
  const good = await all.ask(own.host, { path, headers });
  expect([good.status, resultOf(good).upstream]).toEqual([200, own.host]);
  const { hits } = other.upstream;
  const bad = await all.ask(other.host, { path, headers });
  expect([bad.status, other.upstream.hits]).toEqual([401, hits]);
  expect(bad.header('www-authenticate')).toContain(`"https://${other.host}/.well-known/oauth-protected-resource${path}"`);
  expect(bad.body).not.toContain(own.host);
}

const bearer = (token: string): [string, string][] => [['Authorization', `Bearer ${token}`]];

describe('two tenants with one kid and one sub', () => {
  test('a token passes at its own host, with the identity of its own issuer', async () => {
    for (const [own] of pairs) {
      const response = await all.ask(own.host, { token: own.token() });
      expect(resultOf(response)).toEqual({
        upstream: own.host,
        subject: SUB,
        issuer: own.issuer.issuer,
        authorization: null,
      });
    }
  });

  test('a JWT of one is rejected at the other, before and after the cache knows it', async () => {
    for (const [own, other] of pairs) for (let i = 0; i < 3; i++) await staysAtHome(own, other, bearer(own.token()));
  });

  test('a JWT with the audience of the other host, signed by the own issuer, is rejected there', async () => {
    for (const [own, other] of pairs) {
      const token = own.issuer.token({ audience: other.resource(), claims: { sub: SUB } });
      expect((await all.ask(other.host, { token })).status).toBe(401);
    }
  });

  test('a JWT that claims the issuer of the other, signed with the own key of this kid, is rejected', async () => {
    for (const [own, other] of pairs) {
      const claims = { audience: other.resource(), issuer: other.issuer.issuer, claims: { sub: SUB } };
      expect((await all.ask(other.host, { token: other.issuer.token(claims) })).status).toBe(200);
      expect((await all.ask(other.host, { token: own.issuer.token(claims) })).status).toBe(401);
      expect(all.gateway.logs().at(-1)).toMatchObject({ reason: 'token.signature', endpoint: `${other.host}/mcp` });
    }
  });

  test('an opaque token of one is inactive at the other', async () => {
    for (const [own, other] of pairs) await staysAtHome(own, other, bearer(`opaque-of-${own.host}`));
  });

  test('one opaque text that both issuers know: each asks its own issuer, and keeps its own answer', async () => {
    for (let i = 0; i < 2; i++)
      for (const [own] of pairs) {
        const response = await all.ask(own.host, { token: 'opaque-and-equal' });
        expect(resultOf(response)).toMatchObject({ upstream: own.host, issuer: own.issuer.issuer });
      }
    const form = 'opaque-and-equal';
    const before = pairs.map(([own]) => own.issuer.hits.introspection);
    for (const [own] of pairs) await all.ask(own.host, { token: form });
    expect(pairs.map(([own]) => own.issuer.hits.introspection)).toEqual(before);
  });

  test('an API key of one is unknown at the other, although they share the path', async () => {
    for (const [own, other] of pairs) await staysAtHome(own, other, [['X-Api-Key', own.key]]);
  });

  test('each exchanges at its own token endpoint, and none gets the token of the other', async () => {
    for (let i = 0; i < 2; i++)
      for (const [own, other] of pairs) {
        const { hits } = other.tokenEndpoint;
        const good = await all.ask(own.host, { path: '/exchange', token: own.token('/exchange') });
        expect(resultOf(good).authorization).toBe(`Bearer exchanged-at-${own.host}`);
        expect(other.tokenEndpoint.hits).toBe(hits);
      }
  });

  test('a session of one is not found at the other, even for a caller that is good there', async () => {
    for (const [own, other] of pairs) {
      const call = (tenant: Tenant, token: string, session?: string) => {
        const named: [string, string][] = session === undefined ? [] : [['Mcp-Session-Id', session]];
        return rawRequest(all.gateway.port, legacy('tools/list', { token, headers: [['Host', tenant.host], ...named] }));
      };
      const begun = await call(own, own.token());
      const session = begun.header('mcp-session-id');
      expect((await call(own, own.token(), session)).status).toBe(200);
      expect((await call(other, other.token())).status).toBe(200);
      const { hits } = other.upstream;
      const refused = await call(other, other.token(), session);
      expect([refused.status, other.upstream.hits]).toEqual([404, hits]);
      expect(refused.body).toContain('Session not found');
    }
  });

  test('the same session id of both upstreams stays apart', async () => {
    const sessions = await Promise.all(
      pairs.map(async ([own]) => {
        const request = legacy('tools/list', { token: own.token(), headers: [['Host', own.host]] });
        return (await rawRequest(all.gateway.port, request)).header('mcp-session-id');
      }),
    );
    expect(new Set(sessions).size).toBe(2);
  });

  test('log and metrics name each endpoint by host and path', async () => {
    for (const [own] of pairs) await all.ask(own.host, { token: own.token() });
    const named = all.gateway.logs().filter(({ endpoint }) => endpoint === 'a.example/mcp');
    expect(named.length).toBeGreaterThan(0);
    expect(await all.gateway.metrics()).toMatch(/endpoint="b\.example\/mcp"/);
    expect(await all.gateway.metrics()).not.toMatch(/endpoint="\/mcp"/);
  });
});

describe('a reload', () => {
  const listen = async (own: Tenant) => {
    const request = legacy('', { method: 'GET', token: own.token(), headers: [['Host', own.host]] });
    const stream = await openStream(all.gateway.port, request);
    await until('the first event', () => stream.received().includes('notifications/x'));
    return { stream, isOver: () => stream.received().endsWith('0\r\n\r\n') };
  };

  test('the end of one tenant ends its streams and calls, and none of the other', async () => {
    const { a, b } = all;
    const [ofA, ofB] = [await listen(a), await listen(b)];
    await all.gateway.reload(all.text({}, [b]));
    await until('the end of the stream of the tenant that is gone', ofA.isOver);
    expect((await all.ask(a.host, { token: a.token() })).status).toBe(421);
    const good = await all.ask(b.host, { token: b.token() });
    expect([good.status, resultOf(good).upstream]).toEqual([200, b.host]);
    expect(ofB.isOver()).toBe(false);
    for (const { stream } of [ofA, ofB]) stream.destroy();
    await all.gateway.reload(all.text());
    expect((await all.ask(a.host, { token: a.token() })).status).toBe(200);
  });
});
