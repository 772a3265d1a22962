// The MCP upstreams, each called by a real SDK client of its era.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { expect, test } from 'vitest';
import { startEverything } from '../fixtures/everything.js';
import { startV1Upstream } from '../fixtures/upstream-v1.js';
import { startV2Upstream } from '../fixtures/upstream-v2.js';
import { until } from '../fixtures/wait.js';

const info = { name: 'test', version: '0.0.0' };
const textOf = (result: unknown): string => (result as { content: { text: string }[] }).content[0]?.text ?? '';

test('SDK 1 client and SDK 1 upstream: sessions, progress, the GET stream, cancellation, DELETE', async () => {
  const upstream = await startV1Upstream();
  const client = new ClientV1(info);
  try {
    const transport = new TransportV1(new URL(upstream.url));
    await client.connect(transport as never);
    expect(upstream.sessions()).toEqual([transport.sessionId]);
    expect(textOf(await client.callTool({ name: 'echo', arguments: { text: 'hello' } }))).toBe('hello');
    expect(textOf(await client.callTool({ name: 'big', arguments: { bytes: 300_000 } }))).toHaveLength(300_000);

    const progress: number[] = [];
    const slow = { name: 'slow', arguments: { steps: 3, delayMs: 20 } };
    const done = await client.callTool(slow, undefined, { onprogress: (event) => progress.push(event.progress) });
    expect(textOf(done)).toBe('done after 3');
    expect(progress).toEqual([1, 2, 3]);

    let announced = 0;
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      announced += 1;
    });
    await until('the GET stream is open', () => upstream.seen.some(({ method }) => method === 'GET'));
    upstream.announce();
    await until('the announcement arrives on the GET stream', () => announced === 1);

    const abort = new AbortController();
    const endless = { name: 'slow', arguments: { steps: 1, delayMs: 60_000 } };
    const aborted = client.callTool(endless, undefined, { signal: abort.signal }).catch((error: unknown) => error);
    setTimeout(() => abort.abort(), 50);
    expect(await aborted).toBeInstanceOf(Error);
    await until('the upstream notices the cancellation', () => upstream.cancelled() === 1);

    await transport.terminateSession();
    expect(upstream.sessions()).toEqual([]);
    expect(upstream.seen.at(-1)?.method).toBe('DELETE');
  } finally {
    await client.close();
    await upstream.stop();
  }
});

test.each([
  { mode: { pin: '2026-07-28' }, era: 'modern', version: '2026-07-28' },
  { mode: 'legacy' as const, era: 'legacy', version: '2025-11-25' },
])('SDK 2 client and SDK 2 upstream, $era', async ({ mode, era, version }) => {
  const upstream = await startV2Upstream();
  const client = new Client(info, { versionNegotiation: { mode } });
  try {
    await client.connect(new StreamableHTTPClientTransport(new URL(upstream.url)));
    expect(client.getNegotiatedProtocolVersion()).toBe(version);
    expect(textOf(await client.callTool({ name: 'era', arguments: {} }))).toBe(era);
    expect(textOf(await client.callTool({ name: 'echo', arguments: { text: 'hello' } }))).toBe('hello');
    expect(upstream.seen.at(-1)?.headers['mcp-protocol-version']).toBe(version);
    const progress: number[] = [];
    const slow = { name: 'slow', arguments: { steps: 3, delayMs: 20 } };
    expect(textOf(await client.callTool(slow, { onprogress: (event) => progress.push(event.progress) }))).toBe('done after 3');
    expect(progress).toEqual([1, 2, 3]);
  } finally {
    await client.close();
    await upstream.stop();
  }
});

test('SDK 1 client and the published server-everything', async () => {
  const everything = await startEverything();
  const client = new ClientV1(info);
  try {
    await client.connect(new TransportV1(new URL(everything.url)) as never);
    expect(textOf(await client.callTool({ name: 'echo', arguments: { message: 'hello' } }))).toBe('Echo: hello');
    expect((await client.listResources()).resources.length).toBeGreaterThan(0);
  } finally {
    await client.close();
    await everything.stop();
  }
  await expect(fetch(everything.url)).rejects.toThrow();
});
