// A token endpoint that repeats the request wherever its answer can hold it: neither the token of
// the caller nor the secret of the gateway is in a log, a metric or an answer, nor at the upstream.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { modern } from '../fixtures/messages.js';
import type { RawResponse } from '../fixtures/raw-client.js';
import { type Answer, answers } from '../fixtures/raw-upstream.js';
import { CONFIGURED, type KindsScene, startKindsScene } from '../support/upstream-kinds.js';

const NAMES = ['exchange', 'behalf', 'jag', 'machine'];
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

let kinds: KindsScene;
beforeAll(async () => {
  kinds = await startKindsScene([...NAMES, 'identity']);
});
afterAll(() => kinds.stop());
beforeEach(() => {
  kinds.tokenServer.reset();
  kinds.upstream.reset();
});

/** Every secret text that the token endpoint got. */
const secrets = new Set<string>([CONFIGURED.EXCHANGE_SECRET, CONFIGURED.MACHINE_SECRET, CONFIGURED.FILES_SECRET]);
const answered: RawResponse[] = [];

/** The token of the caller, or the client secret where there is none. */
const secretOf = (form: URLSearchParams, authorization: string): string =>
  form.get('subject_token') ?? form.get('assertion') ?? authorization.replace(/^Basic /, '');

function echo(make: (secret: string, request: string) => Answer): Answer {
  return async (exchange) => {
    if (!exchange.request.bodyComplete) await new Promise((resolve) => exchange.req.once('end', resolve));
    const { request } = exchange;
    const form = new URLSearchParams(request.body.toString());
    const authorization = request.header('authorization') ?? '';
    const secret = secretOf(form, authorization);
    if (authorization !== '') secrets.add(authorization.replace(/^Basic /, ''));
    for (const text of [secret, ...secret.split('.').slice(1)]) secrets.add(text);
    await make(secret, `${authorization} ${request.body}`)(exchange);
  };
}

/** A token that Basic credentials are not: b64token, and three parts for a JWT. */
const issued = (secret: string, more: Record<string, unknown> = {}): Answer =>
  answers.json({
    access_token: 'opaque-token-of-this-test',
    token_type: 'Bearer',
    issued_token_type: ACCESS_TOKEN,
    ...more,
    x: secret,
  });

type Row = [where: string, make: (secret: string, request: string) => Answer, status?: number];
const rows: Row[] = [
  ['the error code', (secret) => answers.json({ error: secret }, 400)],
  ['the error code of a 401', (secret) => answers.json({ error: secret }, 401)],
  ['the error code of a 403', (secret) => answers.json({ error: secret }, 403)],
  ['a piece of the error code', (secret) => answers.json({ error: `a-${secret.slice(-40)}` }, 400)],
  [
    'the description',
    (secret, request) => answers.json({ error: 'invalid_grant', error_description: secret, error_uri: request }, 400),
  ],
  ['the description of a 401', (_secret, request) => answers.json({ error: 'invalid_client', error_description: request }, 401)],
  ['a challenge', (secret) => answers.status(401, [['WWW-Authenticate', `Basic realm="${secret}"`]])],
  ['a Location', (secret) => answers.status(307, [['Location', `http://127.0.0.1:1/${secret}`]])],
  ['a page', (_secret, request) => answers.status(200, [['Content-Type', 'text/html']], request)],
  ['the media type', (secret) => answers.status(200, [['Content-Type', `text/${secret}`]], '{}')],
  ['a page with 500', (_secret, request) => answers.status(500, [['Content-Type', 'text/html']], request)],
  ['JSON that breaks off', (_secret, request) => answers.status(200, [['Content-Type', 'application/json']], `{"${request}`)],
  ['the status line', (secret) => answers.raw(`HTTP/1.1 999 ${secret}\r\n\r\n`)],
  ['bytes that are not HTTP', (secret) => answers.raw(`${secret}\r\n\r\n`)],
  ['Retry-After', (secret) => answers.json({}, 503, [['Retry-After', secret]])],
  ['the type of the token', (secret) => issued(secret, { token_type: secret })],
  ['the end of the token', (secret) => issued(secret, { expires_in: secret }), 0],
  ['an access_token that is a list', (secret) => issued(secret, { access_token: [secret] })],
  ['an access_token with a space', (secret) => issued(secret, { access_token: `${secret} ${secret}` })],
];

const leaksIn = (text: string): string[] => [...secrets].filter((secret) => text.includes(secret.slice(0, 40)));

test.each(NAMES.flatMap((kind) => rows.map(([where, make, status]) => [kind, where, make, status] as const)))(
  'C-153, A-42: %s, and the token endpoint repeats the request in %s',
  async (kind, where, make, status) => {
    kinds.tokenServer.answer(echo(make));
    // Another token at each call: refused ones are remembered.
    const token = kinds.scene.token({ audience: `${kinds.scene.gateway.url}/${kind}/mcp`, claims: { jti: `${kind} ${where}` } });
    for (const part of [token, ...token.split('.').slice(1)]) secrets.add(part);
    const response = await kinds.scene.send(modern('tools/list', { path: `/${kind}/mcp`, token }), { label: where });
    answered.push(response);
    if (status === undefined) {
      expect([403, 503]).toContain(response.status);
      expect((await kinds.scene.logOf(response)).reason).toMatch(/^exchange\./);
      expect(kinds.upstream.hits).toBe(0);
    }
    const reached = kinds.upstream.requests.map(({ rawHeaders, body }) => JSON.stringify(rawHeaders) + body);
    expect(leaksIn(reached.join())).toEqual([]);
  },
);

test('C-153, A-66: no answer, no line at level debug and no metric has a part of such a request', async () => {
  expect(answered.length).toBe(rows.length * NAMES.length);
  for (const { rawHeaders, statusText, body } of answered)
    expect(leaksIn(JSON.stringify(rawHeaders) + statusText + body)).toEqual([]);
  expect(leaksIn(await kinds.scene.gateway.metrics())).toEqual([]);
  expect(await kinds.scene.gateway.stop()).toBe(0);
  const output = kinds.scene.gateway.output();
  for (const reason of ['exchange.refused', 'exchange.unavailable', 'exchange.gateway_rejected'])
    expect(output).toContain(reason);
  expect(leaksIn(output)).toEqual([]);
});
