// Explains introspections: the values of a response, and hints where the response may mislead.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createExplainToken } from '../../src/app/explain.js';
import { explanationText } from '../../src/commands/explanation-report.js';
import { createPrintable } from '../../src/commands/printable.js';
import { resolveConfig } from '../../src/config/load.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { rsaKey } from '../fixtures/mint.js';
import { ENV_SECRET } from '../fixtures/scene.js';
import { withDeadline } from '../fixtures/wait.js';
import { testClock } from '../support/clock.js';

const RESOURCE = 'https://mcp.example.com/mcp';
const SECRET = 'introspection-secret-of-explain';
let issuer: JwksIssuer;
let token: string;
beforeAll(async () => {
  issuer = await startJwksIssuer();
  token = issuer.token({ audience: RESOURCE });
});
beforeEach(async () => {
  await issuer.setMode('ok');
  issuer.metadata = {};
  issuer.introspect = () => ({ ...ANSWER });
});
afterAll(() => issuer.stop());

const ANSWER = { active: true, sub: 'alice', aud: RESOURCE, scope: 'files:read', client_id: 'web' };

async function explain(bearer: string, changes: Record<string, unknown> = {}, introspection: Record<string, unknown> = {}) {
  const loaded = resolveConfig(
    {
      publicUrl: 'https://mcp.example.com',
      issuers: {
        main: {
          issuer: issuer.issuer,
          verify: 'introspection',
          introspection: { clientId: 'portcullis', clientSecret: ENV_SECRET, ...introspection },
          ...changes,
        },
      },
      endpoints: [{ path: '/mcp', issuers: ['main'], upstream: 'http://127.0.0.1:9/mcp' }],
    },
    { SECRET },
  );
  const [endpoint] = loaded.endpoints;
  if (endpoint === undefined) throw new Error('no endpoint');
  const notify = (): void => {};
  const explainToken = createExplainToken({
    config: loaded,
    endpoint,
    clock: testClock(),
    random: () => 1,
    notify,
    usesProxy: false,
  });
  const explanation = await withDeadline('explain', explainToken(bearer, null), 10_000);
  const step = explanation.steps.find(({ name }) => name.includes('introspection'));
  const text = explanationText(endpoint, explanation, [], createPrintable(bearer));
  const { failure } = explanation;
  return {
    reason: failure?.definition.reason ?? 'ok',
    detail: failure?.detail ?? '',
    observed: step?.observed,
    text,
    explainToken,
  };
}

describe('the introspection step shows', () => {
  test('the URL, and issuer, subject and client of the answer', async () => {
    issuer.introspect = () => ({ ...ANSWER, iss: issuer.issuer });
    const { reason, observed, text } = await explain(token);
    expect([reason, observed]).toEqual([
      'ok',
      { url: `${issuer.issuer}/introspect`, active: true, iss: issuer.issuer, sub: 'alice', client_id: 'web' },
    ]);
    expect(text).toContain(`observed: url ${issuer.issuer}/introspect, active true, iss ${issuer.issuer}, sub alice`);
  });

  test('the URL of the configuration, an opaque token, and what the answer lacks', async () => {
    issuer.metadata = { introspection_endpoint: undefined };
    issuer.introspect = () => ({ active: true, aud: RESOURCE, username: 'alice', scope: 'x', client_id: 'web' });
    const url = `${issuer.issuer}/introspect`;
    const { observed } = await explain('opaque', {}, { url });
    expect(observed).toEqual({ url, active: true, iss: 'absent', username: 'alice', client_id: 'web' });
    issuer.introspect = () => ({ active: true, aud: RESOURCE });
    expect((await explain('opaque', {}, { url })).observed).toEqual({
      url,
      active: true,
      iss: 'absent',
      subject: 'absent',
      client: 'absent',
    });
  });

  test('an answer that a check rejects', async () => {
    issuer.introspect = () => ({ ...ANSWER, iss: 'https://other.example' });
    const { reason, observed } = await explain(token);
    expect([reason, observed?.iss]).toEqual(['token.claims', 'https://other.example']);
  });

  test('claims of other names', async () => {
    issuer.introspect = () => ({ ...ANSWER, user_id: 7, app: 'web2' });
    const { observed } = await explain(token, { claims: { subject: ['uid', 'sub'], client: ['app'] } });
    expect(observed).toMatchObject({ sub: 'alice', app: 'web2' });
    expect(observed).not.toHaveProperty('client_id');
  });

  test('only the URL, where the endpoint gave no answer; nothing where the URL is unknown', async () => {
    await issuer.setMode('500', 'introspection');
    expect(await explain(token)).toMatchObject({
      reason: 'introspection.unavailable',
      observed: { url: `${issuer.issuer}/introspect` },
    });
    issuer.metadata = { introspection_endpoint: undefined };
    expect(await explain(token)).toMatchObject({ reason: 'introspection.unavailable', observed: {} });
  });

  test('no values of an introspection that was not made', async () => {
    const verify = 'jwt-then-introspection';
    expect(await explain(token, { verify })).toMatchObject({ reason: 'ok', observed: {} });
    const unknownKey = issuer.token({ audience: RESOURCE, key: rsaKey() });
    expect((await explain(unknownKey, { verify })).observed).toMatchObject({ active: true, sub: 'alice' });
  });

  test('never the token, also where the answer repeats it', async () => {
    issuer.introspect = (form) => ({ ...ANSWER, client_id: form.get('token') });
    const { observed, text } = await explain('opaque-secret-token');
    expect(observed).toMatchObject({ client: 'absent' });
    expect(text).not.toContain('opaque-secret-token');
  });
});

describe('active: false', () => {
  beforeEach(() => {
    issuer.introspect = () => ({ active: false });
  });

  test('for a token that its keys prove genuine: explain says just that', async () => {
    const { reason, detail, observed, text } = await explain(token);
    expect([reason, observed]).toEqual(['token.inactive', { url: `${issuer.issuer}/introspect`, active: false }]);
    expect(detail).toMatch(/^the keys of the issuer prove this token genuine\./);
    expect(text).toContain('token.inactive: the keys of the issuer prove this token genuine');
  });

  test.each([
    ['of another key', () => issuer.token({ audience: RESOURCE, key: rsaKey() })],
    ['with a changed signature', () => issuer.token({ audience: RESOURCE, signature: Buffer.alloc(256, 1) })],
    ['of a symmetric algorithm', () => issuer.token({ audience: RESOURCE, header: { alg: 'HS256' } })],
  ])('for a token %s: no such hint', async (_what, mint) => {
    expect(await explain(mint())).toMatchObject({ reason: 'token.inactive', detail: '' });
  });

  test('without keys: no such hint', async () => {
    await issuer.setMode('500', 'jwks');
    expect(await explain(token)).toMatchObject({ reason: 'token.inactive', detail: '' });
  });

  test('for an opaque token: the causes that remain', async () => {
    const { reason, detail } = await explain('opaque');
    expect([reason, detail]).toEqual(['token.inactive', expect.stringContaining('Is every good token inactive?')]);
  });

  test('the hint does not make the token good', async () => {
    const { explainToken } = await explain(token);
    for (let i = 0; i < 2; i++) {
      const { failure } = await explainToken(token, null);
      expect(failure?.definition.reason).toBe('token.inactive');
    }
  });
});

describe('an answer without an audience', () => {
  // The token names none either, so the answer decides.
  const bare = (): string => issuer.token({ audience: RESOURCE, claims: { aud: undefined } });

  test.each([[undefined], [[]]])('names the client that could be listed (aud %j)', async (aud) => {
    issuer.introspect = () => ({ ...ANSWER, aud });
    const { reason, detail } = await explain(bare());
    expect([reason, detail]).toEqual(['audience.mismatch', expect.stringMatching(/"web".*introspection\.audienceClients$/)]);
    expect((await explain(bare(), {}, { audienceClients: ['web'] })).reason).toBe('ok');
  });

  test.each<[string, Record<string, unknown>]>([
    ['without a client', { aud: undefined, client_id: undefined }],
    ['with another audience', { aud: 'https://elsewhere.example' }],
  ])('%s: no such hint', async (_what, changes) => {
    issuer.introspect = () => ({ ...ANSWER, ...changes });
    const { reason, detail } = await explain(bare());
    expect([reason, detail]).toEqual(['audience.mismatch', expect.not.stringContaining('audienceClients')]);
  });
});
