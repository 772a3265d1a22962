// The demo's upstream, called by real SDK clients of both protocol eras and by callers with its own
// key.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type DemoUpstream, LEGACY_TOKEN, startDemoUpstream } from '../../src/commands/demo/upstream.js';

let upstream: DemoUpstream;
const info = { name: 'test', version: '0.0.0' };

beforeEach(async () => {
  upstream = await startDemoUpstream();
});
afterEach(() => upstream.stop());

test.each([{ pin: '2026-07-28' }, 'legacy' as const])('SDK 2 client in mode %j', async (mode) => {
  const client = new Client(info, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(new URL(upstream.url)));
  const { tools } = await client.listTools();
  expect(tools.map((tool) => tool.name)).toEqual(['echo', 'add', 'whoami']);
  const sum = await client.callTool({ name: 'add', arguments: { a: 2, b: 3 } });
  expect(sum.content).toEqual([{ type: 'text', text: '5' }]);
  const whoami = await client.callTool({ name: 'whoami', arguments: {} });
  const { text } = (whoami.content as { text: string }[])[0] ?? { text: '' };
  expect(JSON.parse(text)).toMatchObject({ authorization: 'none' });
  expect(JSON.parse(text).headers).toContain('mcp-protocol-version');
  await client.close();
});

test('SDK 1 client with the Token credential', async () => {
  const client = new ClientV1(info);
  const requestInit = { headers: { authorization: `Token ${LEGACY_TOKEN}` } };
  await client.connect(new TransportV1(new URL(upstream.url), { requestInit }) as never);
  const echoed = await client.callTool({ name: 'echo', arguments: { text: 'hello' } });
  expect(echoed.content).toEqual([{ type: 'text', text: 'hello' }]);
  const whoami = await client.callTool({ name: 'whoami', arguments: {} });
  const { text } = (whoami.content as { text: string }[])[0] ?? { text: '' };
  expect(JSON.parse(text)).toMatchObject({ authorization: 'Token' });
  expect(text).not.toContain(LEGACY_TOKEN);
  await client.close();
});

test.each(['Token wrong', 'Bearer anything', `token ${LEGACY_TOKEN}x`])(
  'a credential that is not its own is refused: %s',
  async (authorization) => {
    const response = await fetch(upstream.url, { method: 'POST', headers: { authorization }, body: '{}' });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Token');
    expect(upstream.seen.at(-1)).toMatchObject({ method: 'POST', path: '/mcp', authorization: authorization.split(' ')[0] });
  },
);
