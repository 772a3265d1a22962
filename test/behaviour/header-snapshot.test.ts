// Every header line that reaches the upstream and the client, for each kind of credential and
// request, as one golden text: a line that is added, lost or changed shows as a difference.
// UPDATE_GOLDEN=1 writes the golden text instead of comparing with it.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ask, type HeaderLine, legacy, modern } from '../fixtures/messages.js';
import type { RawRequest, RawResponse } from '../fixtures/raw-client.js';
import { type Answer, answers, type RecordedRequest } from '../fixtures/raw-upstream.js';
import { ENV_SECRET, type Scene, startScene } from '../fixtures/scene.js';

const GOLDEN = fileURLToPath(new URL('./golden/headers.txt', import.meta.url));
const OPAQUE = 'opaque-0123456789';
const KEY = 'k3y-Abc.def';

let scene: Scene;
beforeAll(async () => {
  const passThrough = { upstreamVerifies: true, scopes: ['files:read'] };
  scene = await startScene({
    issuer: { introspection: { clientId: 'gateway', clientSecret: ENV_SECRET } },
    env: { SECRET: 'introspection-secret' },
    more: [
      { path: '/token', scopes: ['files:read'], passThrough: [{ scheme: 'Token', ...passThrough }] },
      { path: '/key', scopes: ['files:read'], passThrough: [{ header: 'X-Api-Key', ...passThrough }] },
    ],
  });
  scene.issuer.introspect = () => ({ active: true, aud: scene.resource, sub: 'alice', scope: 'files:read' });
});
afterAll(() => scene.stop());

/** Some servers take `-`, `_` and `.` as the same character, and all of them ignore case. */
const spelled = (name: string): string[] => [name, name.replaceAll('-', '_'), name.replaceAll('-', '.'), name.toUpperCase()];
const IDENTITIES =
  'X-User X-User-Id X-Forwarded-User X-Forwarded-Email X-Auth-Request-User X-Remote-User Remote-User X-Tenant-Id X-Portcullis-Subject';
const SENT: HeaderLine[] = [
  // Forwarded.
  ['User-Agent', 'test/1.0'],
  ['Accept-Language', 'de'],
  ['Traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
  ['Tracestate', 'a=b'],
  ['Baggage', 'c=d'],
  ['Last-Event-ID', '7'],
  ['Mcp-Param-Region', 'us'],
  ['Mcp-Param-Tenant_Id', '=?base64?w6k=?='],
  ['Mcp-Future-Field', 'x'],
  // The same names in another spelling.
  ['Mcp_Session_Id', 'spoofed'],
  ['Mcp-Session_Id', 'spoofed'],
  ['Mcp-Protocol.Version', 'spoofed'],
  // Identity.
  ...IDENTITIES.split(' ').flatMap((name) => spelled(name).map((one): HeaderLine => [one, 'admin'])),
  ['Client-Cert', ':x:'],
  ['X-SSL-Client-S-DN', 'CN=admin'],
  // Credentials that these endpoints do not use.
  ['DPoP', 'proof'],
  ['Cookie', 'session=admin'],
  ['Proxy-Authorization', 'Basic eA=='],
  ['X-Amz-Security-Token', 'x'],
  ['X-Csrf-Token', 'x'],
  // The origin and the destination of the request.
  ['Origin', 'http://localhost:3000'],
  ['Referer', 'http://localhost/secret'],
  ['Forwarded', 'for=10.0.0.1;host=evil'],
  ['X-Forwarded-For', '10.0.0.1'],
  ['X-Forwarded-Host', 'evil.example'],
  ['X-Forwarded-Proto', 'http'],
  ['X-Real-IP', '10.0.0.1'],
  ['X-Original-URL', '/admin'],
  ['X-HTTP-Method-Override', 'DELETE'],
  ['Via', '1.0 somebody'],
  // Hop-by-hop headers.
  ['Connection', 'keep-alive, X-Hop, Tracestate'],
  ['X-Hop', '1'],
  ['Keep-Alive', 'timeout=5'],
  ['Proxy-Connection', 'keep-alive'],
  ['TE', 'trailers'],
  ['HTTP2-Settings', 'AAAA'],
  // Headers that the gateway sets itself, and an unknown one.
  ['Accept-Encoding', 'gzip, br'],
  ['Range', 'bytes=0-3'],
  ['If-None-Match', '"x"'],
  ['X-Request-Id', 'chosen-by-the-caller'],
  ['X-Anything-Else', '1'],
];

const ANSWERED: HeaderLine[] = [
  ['Date', 'Fri, 31 Dec 1999 23:59:00 GMT'],
  ['Retry-After', 'Sat, 01 Jan 2000 00:00:30 GMT'],
  ['Allow', 'POST'],
  ['Mcp-Session-Id', 'minted'],
  ['Mcp-Future-Field', 'y'],
  ['Server', 'internal/1.0'],
  ['X-Powered-By', 'internal'],
  ['Set-Cookie', 'a=internal'],
  ['Alt-Svc', 'h3="internal:443"'],
  ['Strict-Transport-Security', 'max-age=1'],
  ['Access-Control-Allow-Origin', '*'],
  ['Access-Control-Allow-Credentials', 'true'],
  ['WWW-Authenticate', 'Bearer realm="internal"'],
  ['Proxy-Authenticate', 'Basic realm="internal"'],
  ['Authentication-Info', 'internal'],
  ['Location', 'http://internal.example'],
  ['Content-Location', 'http://internal.example'],
  ['Link', '<http://internal.example>'],
  ['Via', '1.0 internal'],
  ['Cache-Control', 'public, max-age=3600'],
  ['ETag', '"internal"'],
  ['Vary', '*'],
  ['X-Accel-Redirect', '/etc/passwd'],
  ['X-Request-Id', 'internal'],
  ['Connection', 'X-Internal'],
  ['X-Internal', 'secret'],
];

const JSON_ANSWER: HeaderLine[] = [
  ['Content-Type', 'application/json'],
  ['Content-Encoding', 'identity'],
];
const RESULT = '{"jsonrpc":"2.0","id":1,"result":{}}';

const credentials: [name: string, path: string, line: () => HeaderLine][] = [
  ['a JWT', '/mcp', () => ['Authorization', `Bearer ${scene.token()}`]],
  ['an opaque token', '/mcp', () => ['Authorization', `Bearer ${OPAQUE}`]],
  ['a Token passed through', '/token', () => ['Authorization', `Token ${KEY}`]],
  ['a key header passed through', '/key', () => ['X-Api-Key', KEY]],
];
/** A key header at an endpoint without a rule for it is one more unknown header. */
const foreignKey = (path: string): HeaderLine[] => (path === '/key' ? [] : [['X-Api-Key', 'x']]);

const events = answers.sse([{ data: RESULT }], { headers: ANSWERED });
const requests: [name: string, make: (ask: Ask) => RawRequest, answer: Answer][] = [
  ['a modern POST', (ask) => modern('tools/list', ask), answers.status(200, [...JSON_ANSWER, ...ANSWERED], RESULT)],
  ['a legacy POST', (ask) => legacy('tools/list', ask), events],
  ['a GET stream', (ask) => legacy('', { ...ask, method: 'GET' }), events],
  ['a DELETE', (ask) => legacy('', { ...ask, method: 'DELETE' }), answers.status(204, ANSWERED)],
  [
    'a POST that the upstream refuses',
    (ask) => modern('tools/list', ask),
    answers.status(401, [...JSON_ANSWER, ...ANSWERED], 'internal'),
  ],
  ['a POST that the upstream redirects', (ask) => modern('tools/list', ask), answers.status(307, ANSWERED)],
];

/** Values that differ from run to run, and the names that replace them. */
const volatile = (): [RegExp, string][] => [
  [new RegExp(`127\\.0\\.0\\.1:${scene.upstream.port}`, 'g'), '<upstream>'],
  [new RegExp(`127\\.0\\.0\\.1:${scene.gateway.port}`, 'g'), '<gateway>'],
  [/portcullis-[0-9a-f]{12}/g, '<pseudonym>'],
  [/^(date): \w{3}, \d\d \w{3} 20\d\d [\d:]{8} GMT$/gim, '$1: <now>'],
  [/^(mcp-session-id): [\w-]{60,200}$/gm, '$1: <sealed>'],
  [/^(x-request-id): [\w-]{12}-{1,2}\w+$/gim, '$1: <request id>'],
  // The body of an error holds the request id, whose length grows.
  [/(?<=-- to the caller: [45](?:.|\n)*)^content-length: \d+$/gm, 'content-length: <length>'],
];

function section(title: string, seen: RecordedRequest, response: RawResponse): string {
  const lines = (pairs: HeaderLine[]): string[] => pairs.map(([name, value]) => `${name}: ${value}`);
  const text = [
    `== ${title}`,
    `-- to the upstream: ${seen.method} ${seen.target} HTTP/${seen.httpVersion}`,
    ...lines(seen.rawHeaders),
    `-- to the caller: ${response.status} ${response.statusText}`,
    ...lines(response.rawHeaders),
  ].join('\n');
  return volatile().reduce((all, [pattern, name]) => all.replace(pattern, name), text);
}

/** A session: its id is another one for the upstream than for the caller of this credential. */
async function begun(path: string, line: HeaderLine): Promise<HeaderLine> {
  scene.upstream.answer(answers.rpc({}, [['Mcp-Session-Id', '1868a90c']]));
  const response = await scene.send(legacy('tools/list', { path, headers: [line] }), { label: 'a session begins' });
  return ['Mcp-Session-Id', response.header('mcp-session-id') ?? ''];
}

async function take(
  title: string,
  path: string,
  line: HeaderLine,
  make: (ask: Ask) => RawRequest,
  answer: Answer,
): Promise<string> {
  const session = await begun(path, line);
  scene.upstream.reset();
  scene.upstream.answer(answer);
  const headers = [line, ...foreignKey(path), session, ...SENT];
  const response = await scene.send(make({ path, headers }), { label: title });
  expect([title, response.complete, scene.upstream.hits]).toEqual([title, true, 1]);
  return section(title, scene.upstream.last as RecordedRequest, response);
}

describe('A-42, A-47, C-101, C-130, C-131, C-133, C-135, C-141, C-143, C-150: every header line that crosses', () => {
  test('equals the golden text', { timeout: 60_000 }, async () => {
    const sections: string[] = [];
    for (const [credential, path, line] of credentials) {
      for (const [request, make, answer] of requests) {
        sections.push(await take(`${credential}, ${request}`, path, line(), make, answer));
      }
    }
    const text = `${sections.join('\n\n')}\n`;
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(GOLDEN, text);
    const stored = readFileSync(GOLDEN, 'utf8').trimEnd().split('\n\n');
    expect(sections.map((one) => one.split('\n'))).toEqual(stored.map((one) => one.split('\n')));
  });

  test('the golden text itself has no header that must not cross', () => {
    const text = readFileSync(GOLDEN, 'utf8');
    const sections = text.trimEnd().split('\n\n');
    expect(sections).toHaveLength(credentials.length * requests.length);
    expect(text).not.toMatch(
      /internal|admin|spoofed|evil|cookie|bearer (?!scope=)|opaque-|eyJ|x-hop|tracestate|10\.0\.0\.1|chosen/i,
    );
    for (const one of sections) {
      const [up = '', down = ''] = one.split('\n-- to the caller');
      expect(up).toMatch(/^via: 1\.0 somebody, 1\.1 <pseudonym>$/m);
      expect(down).toMatch(/^cache-control: no-store(, no-transform)?$/m);
      // The gateway forwards a credential only where the upstream verifies it.
      expect([one, up.includes(KEY)]).toEqual([one, one.includes('passed through')]);
    }
  });

  test('a wrong line is noticed, because the whole lists are compared', async () => {
    const [, path, line] = credentials[0] as (typeof credentials)[0];
    const [, make, answer] = requests[0] as (typeof requests)[0];
    const stored = readFileSync(GOLDEN, 'utf8').split('\n\n')[0];
    expect(await take('a JWT, a modern POST', path, line(), make, answer)).toBe(stored);
    const other = (ask: Ask): RawRequest => make({ ...ask, headers: [...(ask.headers ?? []), ['Mcp-New', '1']] });
    expect(await take('a JWT, a modern POST', path, line(), other, answer)).not.toBe(stored);
    const more = answers.status(200, [...JSON_ANSWER, ...ANSWERED, ['Mcp-New', '1']], RESULT);
    expect(await take('a JWT, a modern POST', path, line(), make, more)).not.toBe(stored);
  });
});
