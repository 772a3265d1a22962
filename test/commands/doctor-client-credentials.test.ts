// The doctor on servers with client credentials alone, as the bridge offers them. It never shows or
// misdirects a secret.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { startServer } from '../fixtures/ports.js';
import { linesOf, runAsJson, runDoctor } from './doctor-report.js';
import { json, WELL_KNOWN } from './run-doctor.js';
import { type Fault, startThirdPartyServer } from './third-party-server.js';

const SECRET = 'sk live+secret/of:the-bridge';
const FORM_ID = 'partner+b%3A1';
const FORM_SECRET = 'sk+live%2Bsecret%2Fof%3Athe-bridge';
const BRIDGE = '/.well-known/oauth-authorization-server/bridge';

interface TokenRequest {
  authorization: string;
  body: string;
}

/** A bridge at the origin of the server: metadata and a token endpoint. */
function bridged(more: Record<string, unknown> = {}, answer: Record<string, unknown> = {}) {
  const requests: TokenRequest[] = [];
  let token = '';
  const document = (origin: string) => ({
    issuer: `${origin}/bridge`,
    authorization_endpoint: `${origin}/oauth/authorize`,
    token_endpoint: `${origin}/oauth/token`,
    jwks_uri: `${origin}/oauth/jwks`,
    scopes_supported: ['files:read'],
    response_types_supported: [],
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    ...more,
  });
  function issue(req: IncomingMessage, res: ServerResponse): true {
    let body = '';
    req.setEncoding('utf8').on('data', (part: string) => (body += part));
    req.on('end', () => {
      const authorization = String(req.headers.authorization ?? '');
      requests.push({ authorization, body });
      const [, basic = ''] = authorization.split(' ');
      const isRight = Buffer.from(basic, 'base64').toString() === `${FORM_ID}:${FORM_SECRET}` || body.includes(FORM_SECRET);
      res.writeHead(isRight ? 200 : 401, { 'content-type': 'application/json' });
      const right = { access_token: token, token_type: 'Bearer', expires_in: 3600, ...answer };
      res.end(JSON.stringify(isRight ? right : { error: 'invalid_client', error_description: `not ${SECRET}` }));
    });
    return true;
  }
  const fault: Fault = {
    before(req, res) {
      const origin = `http://${req.headers.host}`;
      if (req.url === '/oauth/token') return issue(req, res);
      if (req.url === BRIDGE || req.url === '/.well-known/oauth-authorization-server/mcp') return json(res, document(origin));
      if (req.url !== WELL_KNOWN || req.method !== 'GET') return false;
      const end = res.end.bind(res);
      res.end = ((text: string) => {
        const whole = { ...(JSON.parse(text) as object), authorization_servers: [`${origin}/bridge`] };
        return end(JSON.stringify(whole));
      }) as typeof res.end;
      return false;
    },
  };
  return {
    requests,
    fault,
    setToken: (value: string) => {
      token = value;
    },
  };
}

async function startBridged(...given: Parameters<typeof bridged>) {
  const bridge = bridged(...given);
  const server = await startThirdPartyServer(bridge.fault);
  bridge.setToken(server.token);
  return { ...server, requests: bridge.requests };
}

const ID = ['--client-id', 'partner b:1'];
const WITH_SECRET = { PORTCULLIS_DOCTOR_CLIENT_SECRET: SECRET };
const ALL_SECRETS = [SECRET, FORM_SECRET, 'the-bridge', Buffer.from(`${FORM_ID}:${FORM_SECRET}`).toString('base64')];

describe('a bridge: client credentials alone', () => {
  test('without an id: no false alarm, no login, and the kind of login in words', async () => {
    const server = await startBridged();
    const { code, report } = await runAsJson([server.url]);
    await server.stop();
    expect([code, linesOf(report, 'fail', 'warn')]).toEqual([0, []]);
    expect(linesOf(report, 'ok')).toEqual(
      expect.arrayContaining([
        'kind of login: client credentials: a client needs a client id and a secret, and no browser opens',
        `authorization and token endpoint: token_endpoint is ${server.origin}/oauth/token`,
        `authorization_servers: ${server.origin}/bridge`,
      ]),
    );
    expect(linesOf(report, 'skipped')).toEqual(
      expect.arrayContaining([
        'PKCE: the authorization server serves client credentials alone, and no browser opens',
        'registration: the operator gives each client its id and its secret',
        'client credentials: there is no client id and no secret to log in with',
        'token accepted: there is no token to send',
      ]),
    );
    expect(server.requests).toEqual([]);
  });

  test.each<[string, Record<string, unknown>, RegExp, RegExp]>([
    ['basic, form-encoded', {}, /^Basic /, /^grant_type=client_credentials&resource=http/],
    [
      'post alone',
      { token_endpoint_auth_methods_supported: ['client_secret_post'] },
      /^$/,
      /&client_id=partner\+b%3A1&client_secret=sk/,
    ],
  ])('with an id and a secret it reaches the tool call: %s', async (_way, more, authorization, body) => {
    const server = await startBridged(more);
    const { code, report } = await runAsJson([server.url, ...ID, '--tool', 'time'], WITH_SECRET);
    await server.stop();
    expect([code, linesOf(report, 'fail')]).toEqual([0, []]);
    expect(linesOf(report, 'ok')).toEqual(
      expect.arrayContaining([
        `client credentials: ${server.origin}/oauth/token issued a token for 3600 s`,
        'token accepted: the server accepts the token',
        'tool call, modern: time got a result',
        'tool call, legacy: time got a result',
      ]),
    );
    expect(server.requests).toEqual([{ authorization: expect.stringMatching(authorization), body: expect.stringMatching(body) }]);
    for (const secret of [...ALL_SECRETS, server.token]) expect(JSON.stringify(report)).not.toContain(secret);
  });

  test('the secret on standard input', async () => {
    const server = await startBridged();
    const { run } = await import('./in-process.js');
    const args = ['doctor', server.url, ...ID, '--client-secret', '-', '--tool', 'time'];
    const { code, output } = await run(args, { stdin: [`${SECRET}\n`] });
    await server.stop();
    expect([code, output]).toEqual([0, expect.stringContaining('tool call, modern: time got a result')]);
    for (const secret of [...ALL_SECRETS, server.token]) expect(output).not.toContain(secret);
  });

  test('a wrong secret: one request, one failure with its fix, and no part of the secret', async () => {
    const server = await startBridged();
    const { code, output } = await runDoctor([server.url, ...ID], { PORTCULLIS_DOCTOR_CLIENT_SECRET: 'wrong-secret-1234' });
    await server.stop();
    expect(code).toBe(1);
    expect(output).toMatch(
      /FAIL {5}client credentials: the token endpoint got 401 with application\/json \(invalid_client: .*\n.*\n {11}fix: {6}compare the client id/,
    );
    expect(output.match(/^FAIL/gm)).toHaveLength(1);
    expect(server.requests).toHaveLength(1);
    expect(output).not.toContain('wrong-secret');
    expect(output).not.toContain(Buffer.from(`${FORM_ID}:wrong-secret-1234`).toString('base64'));
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['no access_token', { access_token: undefined }, 'the token endpoint got 200 without access_token'],
    ['another token type', { token_type: 'DPoP' }, 'token_type is DPoP, not Bearer'],
  ])('an answer with %s', async (_what, answer, observed) => {
    const server = await startBridged({}, answer);
    const { report } = await runAsJson([server.url, ...ID], WITH_SECRET);
    await server.stop();
    expect(linesOf(report, 'fail')).toEqual([`client credentials: ${observed}`]);
  });

  test('the doctor sends the secret to no other origin', async () => {
    const seen: string[] = [];
    const elsewhere = await startServer((req, res) => {
      seen.push(`${req.method} ${req.url}`);
      res.end('{}');
    });
    const server = await startBridged({ token_endpoint: `${elsewhere.url}/token` });
    const { report } = await runAsJson([server.url, ...ID], WITH_SECRET);
    await Promise.all([server.stop(), elsewhere.close()]);
    expect(linesOf(report, 'skipped')).toContainEqual(
      expect.stringMatching(/^client credentials: the doctor sends the secret to the origin of the URL only/),
    );
    expect([seen, server.requests]).toEqual([[], []]);
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['no authorization_endpoint', { authorization_endpoint: undefined }, 'authorization_endpoint is missing'],
    ['no response_types_supported', { response_types_supported: undefined }, 'response_types_supported is missing'],
  ])('the SDKs reject a document with %s', async (_what, more, observed) => {
    const server = await startBridged(more);
    const { report } = await runAsJson([server.url]);
    await server.stop();
    expect(linesOf(report, 'fail')).toEqual([`authorization and token endpoint: ${observed}`]);
  });
});

test.each<[string, string[], Record<string, string>, string]>([
  ['a secret in the argument', ['--client-id', 'a', '--client-secret', 'abc'], {}, 'write --client-secret - and give the secret'],
  ['an id without a secret', ['--client-id', 'a'], {}, 'There is no secret: set PORTCULLIS_DOCTOR_CLIENT_SECRET'],
  ['a secret without an id', ['--client-secret', '-'], {}, 'Give the client id too'],
  ['a token and an id', ['--client-id', 'a', '--token', 'b'], WITH_SECRET, 'Give a token or a client id, not both'],
  ['a key in the argument', ['--token', 'X-Api-Key: abcdef'], {}, 'give a key in PORTCULLIS_TOKEN, or write --token -'],
])('%s: exit code 2', async (_what, args, env, message) => {
  const { code, output, errors } = await runDoctor(['http://127.0.0.1:9/mcp', ...args], env);
  expect([code, output]).toEqual([2, '']);
  expect(errors).toContain(message);
  expect(errors).not.toContain('abc');
});
