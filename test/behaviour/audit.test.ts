// The audit in a file: one record of each call and of each denial, with who, what and why.
import { statSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { legacy, META, modern } from '../fixtures/messages.js';
import { rawRequest } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';
import { auditFile, recordsFor, recordsOf } from '../support/audit-scene.js';

const file = auditFile();
const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const OTHER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';

let scene: Scene;
beforeAll(async () => {
  const rules = [{ tool: 'read_*' }, { tool: 'write_*', scopes: ['files:write'] }, { tool: 'drop_*', deny: true }];
  scene = await startScene({
    root: { audit: { file } },
    issuer: { claims: { tenant: ['org'] } },
    endpoint: { tools: { default: 'deny', rules } },
  });
});
afterAll(() => scene.stop());
beforeEach(() => scene.upstream.reset());

const callTool = (name: string, token: string | undefined = scene.token({ claims: { org: 'acme' } })) =>
  scene.send(
    modern('tools/call', {
      token,
      params: { name, arguments: { text: 'argument-of-the-call' } },
      headers: [
        ['traceparent', TRACE],
        ['tracestate', 'rojo=1'],
        ['User-Agent', 'test-agent/1'],
      ],
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 'call-7',
        method: 'tools/call',
        params: {
          name,
          arguments: { text: 'argument-of-the-call', _meta: { traceparent: OTHER } },
          _meta: {
            ...META,
            traceparent: OTHER,
            baggage: 'user=x',
            'io.modelcontextprotocol/clientInfo': { name: 'inspector', version: '2' },
          },
        },
      }),
    }),
  );

test('an allowed call: who, what, the decision, and both trace contexts', async () => {
  const response = await callTool('read_file');
  expect(response.status).toBe(200);
  const [record, ...rest] = await recordsFor(file, response);
  expect(rest).toEqual([]);
  expect(record).toEqual({
    audit: 1,
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    verdict: 'allowed',
    reason: 'ok',
    'http.response.status_code': 200,
    endpoint: '/mcp',
    'http.request.method': 'POST',
    era: 'modern',
    credential: 'jwt',
    issuer: scene.issuer.issuer,
    subject: expect.any(String),
    clientId: expect.any(String),
    host: `127.0.0.1:${scene.gateway.port}`,
    tenant: 'acme',
    'mcp.method.name': 'tools/call',
    'gen_ai.tool.name': 'read_file',
    'jsonrpc.request.id': '"call-7"',
    requestId: response.header('x-request-id'),
    clientAddress: '127.0.0.1',
    durationMs: expect.any(Number),
    'unverified.user_agent': 'test-agent/1',
    'unverified.client_name': 'inspector',
    'unverified.client_version': '2',
    traceparent: TRACE,
    tracestate: 'rojo=1',
    'meta.traceparent': OTHER,
  });
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test.each([
  ['a rule that denies', 'drop_table', 'tool.denied', 'tools.rules[2]'],
  ['the default', 'anything', 'tool.denied', 'tools.default'],
  ['a missing scope', 'write_file', 'scope.insufficient', 'scope files:write'],
])('a denial by %s names the rule', async (_label, name, reason, rule) => {
  const response = await callTool(name);
  expect(response.status).toBe(403);
  const [record] = await recordsFor(file, response);
  expect(record).toMatchObject({ verdict: 'denied', reason, rule, tenant: 'acme', 'gen_ai.tool.name': name });
});

describe('before authentication', () => {
  test('a call without a token', async () => {
    const response = await scene.send(modern('tools/list'));
    expect(response.status).toBe(401);
    const [record] = await recordsFor(file, response);
    expect(record).toMatchObject({
      verdict: 'denied',
      reason: 'credential.missing',
      endpoint: '/mcp',
      clientAddress: '127.0.0.1',
    });
    expect(record).not.toHaveProperty('subject');
  });

  test('a forged token: its claims are unverified', async () => {
    const token = scene.token({ issuer: 'https://other.example' });
    const [record] = await recordsFor(file, await scene.send(modern('tools/list', { token })));
    expect(record).toMatchObject({ verdict: 'denied', reason: 'token.issuer', 'unverified.iss': 'https://other.example' });
    expect(record).not.toHaveProperty('issuer');
  });

  test('an unknown path, and bytes that are not HTTP', async () => {
    const [record] = await recordsFor(file, await scene.send(modern('tools/list', { path: '/none' })));
    expect(record).toMatchObject({ verdict: 'denied', reason: 'route.unknown', 'url.path': '/none' });
    const before = recordsOf(file).length;
    await rawRequest(scene.gateway.port, Buffer.from('GET / HTTP/9.9\r\n\r\n'));
    await until('the record of an unreadable request', () => recordsOf(file).length > before);
    expect(recordsOf(file).at(-1)).toMatchObject({ audit: 1, verdict: 'denied', clientAddress: '127.0.0.1' });
  });
});

test('a text has no half of a character, not even where it is cut', async () => {
  const nameOf = async (name: string) => {
    const response = await scene.send(legacy('tools/call', { token: scene.token(), params: { name } }));
    return (await recordsFor(file, response))[0]?.['gen_ai.tool.name'];
  };
  const long = `read_${'x'.repeat(1_018)}`;
  expect([await nameOf('read_😀'), await nameOf(`${long}😀`)]).toEqual(['read_😀', `${long}\ufffd`]);
  const token = scene.token({ issuer: 'https://half\ud83d.example' });
  const [forged] = await recordsFor(file, await scene.send(modern('tools/list', { token })));
  expect(forged?.['unverified.iss']).toBe('https://half\ufffd.example');
});

test('a dependency that fails denies nothing', async () => {
  scene.upstream.answer(answers.raw(''));
  const [record] = await recordsFor(file, await callTool('read_file'));
  expect(record).toMatchObject({ verdict: 'failed', reason: 'upstream.broken', 'http.response.status_code': 502 });
});

test('each call of a batch has its record', async () => {
  const call = (id: number, name: string) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name } });
  const body = JSON.stringify([call(1, 'read_a'), call(2, 'drop_b')]);
  const headers: [string, string][] = [['MCP-Protocol-Version', '2025-03-26']];
  const response = await scene.send(legacy('', { token: scene.token(), body, headers }));
  const records = await recordsFor(file, response, 2);
  expect(records.map((one) => [one['gen_ai.tool.name'], one.batch, one.verdict])).toEqual([
    ['read_a', { index: 0, size: 2 }, 'denied'],
    ['drop_b', { index: 1, size: 2 }, 'denied'],
  ]);
});

test('a listening stream has a record at its begin and at its end', async () => {
  scene.upstream.answer(
    answers.raw('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: {}\n\n'),
  );
  const before = recordsOf(file).length;
  const response = await scene.send(legacy('', { method: 'GET', token: scene.token() }));
  expect(response.status).toBe(200);
  const records = await until('both records', () => {
    const found = recordsOf(file).slice(before);
    return found.length === 2 ? found : undefined;
  });
  expect(records.map(({ phase, verdict }) => [phase, verdict])).toEqual([
    ['begin', 'allowed'],
    ['end', expect.stringMatching(/allowed|failed/)],
  ]);
  expect(records[0]).not.toHaveProperty(['http.response.status_code']);
  expect(records[0]?.requestId).toBe(records[1]?.requestId);
});

test('a session has a hash, and never its id', async () => {
  const headers: [string, string][] = [['Mcp-Session-Id', 'presented-session-id-1234']];
  const [record] = await recordsFor(file, await scene.send(legacy('tools/list', { token: scene.token(), headers })));
  expect(record).toMatchObject({ reason: 'session.not_found', session: expect.stringMatching(/^[\da-f]{16}$/) });
  expect(JSON.stringify(recordsOf(file))).not.toContain('presented-session-id');
});

test('pages and preflights have none, and no record has an argument', async () => {
  const before = (await recordsFor(file, await callTool('read_file'))).length;
  expect(before).toBe(1);
  const count = recordsOf(file).length;
  await scene.send({ method: 'GET', path: '/.well-known/oauth-protected-resource/mcp', headers: [] });
  await scene.send({
    method: 'OPTIONS',
    path: '/mcp',
    headers: [
      ['Origin', 'http://localhost:1'],
      ['Access-Control-Request-Method', 'POST'],
    ],
  });
  await recordsFor(file, await callTool('read_file'));
  expect(recordsOf(file).length).toBe(count + 1);
  expect(JSON.stringify(recordsOf(file))).not.toContain('argument-of-the-call');
});

test('C-153: a token in the name of a tool is masked', async () => {
  const token = scene.token();
  const [record] = await recordsFor(file, await callTool(`drop_${token}`));
  expect(record?.['gen_ai.tool.name']).toBe('drop_[token]');
});

test('the metrics count the records', async () => {
  const metrics = await scene.gateway.metrics();
  expect(metrics).toContain('portcullis_audit_up 1\n');
  expect(metrics).toContain('portcullis_audit_records_total{result="lost"} 0\n');
  const written = Number(/portcullis_audit_records_total\{result="written"\} (\d+)/.exec(metrics)?.[1]);
  expect(written).toBe(recordsOf(file).length);
});
