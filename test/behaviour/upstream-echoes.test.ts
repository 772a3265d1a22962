// An upstream that repeats the headers of a request, wherever its answer can hold them: the
// credential that the gateway presented is in no log, no metric and no rejection.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Ask, legacy, modern } from '../fixtures/messages.js';
import { openRaw, type RawRequest, requestBytes } from '../fixtures/raw-client.js';
import { type Answer, answers, type RecordedRequest } from '../fixtures/raw-upstream.js';
import { until } from '../fixtures/wait.js';
import { CONFIGURED, type KindsScene, startKindsScene, WAYS } from '../support/upstream-kinds.js';

const NAMES = ['static', 'header', 'identity', 'exchange', 'behalf', 'jag', 'machine'];
const WAY_OF: Record<string, string> = { swap: 'a key with its own upstream credential' };

let kinds: KindsScene;
beforeAll(async () => {
  kinds = await startKindsScene(NAMES);
});
afterAll(() => kinds.stop());
beforeEach(() => kinds.upstream.reset());

/** Every text that only the upstream may see, with the parts of a token. */
const secrets = new Set<string>();
const seen: { name: string; text: string }[] = [];

/** The credential in a request, without its scheme. */
function credentialOf({ rawHeaders }: RecordedRequest): string {
  const values = rawHeaders.filter(([name]) => /^(authorization|x-backend-key)$/i.test(name)).map(([, value]) => value);
  const credential = values[0]?.split(' ').at(-1) ?? '';
  expect([values.length, credential.length > 20]).toEqual([1, true]);
  for (const text of [credential, ...credential.split('.').slice(1)]) secrets.add(text);
  return credential;
}

const echo =
  (make: (credential: string) => Answer): Answer =>
  (exchange) =>
    make(credentialOf(exchange.request))(exchange);

const initialize = (ask: Ask): RawRequest =>
  legacy('initialize', {
    ...ask,
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } },
  });
const list = (ask: Ask): RawRequest => modern('tools/list', ask);

type Row = [
  where: string,
  status: number,
  reason: string,
  make: (credential: string) => Answer,
  request?: (ask: Ask) => RawRequest,
];

/** The gateway rejects these answers, so its own answer has none of their bytes. */
const REJECTED: Row[] = [
  [
    'a 401',
    502,
    'upstream.gateway_rejected',
    (text) => answers.status(401, [['WWW-Authenticate', `Bearer error="${text}"`]], text),
  ],
  ['a 403', 502, 'upstream.gateway_rejected', (text) => answers.json({ error: text }, 403)],
  [
    'a Location',
    502,
    'upstream.broken',
    (text) => answers.status(307, [['Location', `https://login.example.com/${text}?t=${text}`]]),
  ],
  ['a relative Location', 502, 'upstream.broken', (text) => answers.status(302, [['Location', `/${text}`]])],
  ['a Location that is not a URL', 502, 'upstream.broken', (text) => answers.status(302, [['Location', `http://[${text}`]])],
  ['the host of a Location', 502, 'upstream.broken', (text) => answers.status(302, [['Location', `http://${text}/`]])],
  ['the media type', 502, 'upstream.broken', (text) => answers.status(200, [['Content-Type', `text/${text}`]], text)],
  ['HTML', 502, 'upstream.broken', (text) => answers.status(200, [['Content-Type', 'text/html']], text)],
  ['Connection', 502, 'upstream.broken', (text) => answers.json({}, 200, [['Connection', `content-type, ${text}`]])],
  ['Transfer-Encoding', 502, 'upstream.broken', (text) => answers.raw(`HTTP/1.1 200 OK\r\nTransfer-Encoding: ${text}\r\n\r\n`)],
  ['the status line', 502, 'upstream.broken', (text) => answers.raw(`HTTP/1.1 999 ${text}\r\n\r\n`)],
  ['a broken header', 502, 'upstream.broken', (text) => answers.raw(`HTTP/1.1 200 OK\r\n${text}\r\nContent-Length: x\r\n\r\n`)],
  ['a length', 502, 'upstream.broken', (text) => answers.raw(`HTTP/1.1 200 OK\r\nContent-Length: ${text}\r\n\r\n`)],
  ['bytes that are not HTTP', 502, 'upstream.broken', (text) => answers.raw(`${text}\r\n\r\n`)],
  [
    'the revision of an initialize',
    502,
    'upstream.version',
    (text) => answers.rpc({ protocolVersion: text, capabilities: {}, serverInfo: { name: text, version: '1' } }),
    initialize,
  ],
];

/** The upstream answers its caller. The gateway relays the answer and records no text of it. */
const RELAYED: Row[] = [
  ['a JSON error with 500', 500, 'upstream.server_error', (text) => answers.json({ error: { message: text } }, 500)],
  ['a page with 500', 500, 'upstream.server_error', (text) => answers.status(500, [['Content-Type', 'text/html']], text)],
  [
    'the media type of a 404',
    404,
    'upstream.client_error',
    (text) => answers.status(404, [['Content-Type', `text/${text}`]], text),
  ],
  [
    'the reason phrase of a 400',
    400,
    'upstream.client_error',
    (text) => answers.raw(`HTTP/1.1 400 ${text}\r\nContent-Length: 0\r\n\r\n`),
  ],
  ['a result', 200, 'ok', (text) => answers.rpc({ text })],
  ['an event', 200, 'ok', (text) => answers.sse([{ data: { jsonrpc: '2.0', id: 1, result: { text } }, id: text }])],
  ['a session id', 200, 'ok', (text) => answers.rpc({ protocolVersion: '2025-11-25' }, [['Mcp-Session-Id', text]]), initialize],
  [
    'other headers',
    200,
    'ok',
    (text) =>
      answers.rpc({}, [
        ['X-Debug', text],
        ['Set-Cookie', `a=${text}`],
        ['Server', text],
      ]),
  ],
];

async function requestOf(name: string, make: (credential: string) => Answer, request: (ask: Ask) => RawRequest) {
  kinds.upstream.answer(echo(make));
  const kind = name === 'swap' ? 'static' : name;
  const { lines } = await (WAYS[WAY_OF[name] ?? 'a JWT'] as (typeof WAYS)[string])(kinds.scene, kind);
  return request({ path: `/${kind}/mcp`, headers: [...lines] });
}

/** A piece of a secret is enough. A URL parser writes a host in lower case. */
const leaksIn = (text: string): string[] =>
  [...secrets].filter((secret) => text.toLowerCase().includes(secret.slice(0, 20).toLowerCase()));

describe.each([...NAMES, 'swap'])('C-153: an upstream that repeats its credential (%s)', (name) => {
  test.each(REJECTED)('in %s: the answer has %i', async (where, status, reason, make, request = list) => {
    const response = await kinds.scene.send(await requestOf(name, make, request), { label: where });
    expect([response.status, (await kinds.scene.logOf(response)).reason]).toEqual([status, reason]);
    const text = JSON.stringify(response.rawHeaders) + response.statusText + response.body;
    seen.push({ name: where, text });
    expect(leaksIn(text)).toEqual([]);
  });

  test.each(RELAYED)('in %s: the answer is relayed', async (_where, status, reason, make, request = list) => {
    const { path = '', headers = [], body = '' } = await requestOf(name, make, request);
    // The raw client would record the answer for the scan of all answers.
    const response = await fetch(kinds.scene.gateway.url + path, { method: 'POST', headers, body: String(body) });
    await response.text();
    const id = response.headers.get('x-request-id');
    const line = await until('the log line', () => kinds.scene.gateway.logs().find(({ requestId }) => requestId === id));
    expect([response.status, line.reason]).toEqual([status, reason]);
    const others = [...response.headers].filter(([header]) => header !== 'content-type');
    expect(leaksIn(JSON.stringify(others))).toEqual([]);
  });
});

test('C-153, A-66: no line at level debug and no metric has a credential of an upstream', async () => {
  for (const value of Object.values(CONFIGURED)) secrets.add(String(value.split(' ').at(-1)));
  expect([seen.length, secrets.size >= 10]).toEqual([REJECTED.length * (NAMES.length + 1), true]);
  expect(leaksIn(await kinds.scene.gateway.metrics())).toEqual([]);
  const leaving = await openRaw(kinds.scene.gateway.port);
  await leaving.write(requestBytes(kinds.scene.gateway.port, await requestOf('static', answers.stall, list)));
  await kinds.upstream.waitFor(1);
  leaving.destroy();
  expect(await kinds.scene.gateway.stop()).toBe(0);
  const output = kinds.scene.gateway.output();
  expect(output).toContain('"level":"debug"');
  expect(leaksIn(output)).toEqual([]);
});
