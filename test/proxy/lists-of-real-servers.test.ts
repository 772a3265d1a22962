// Filters the lists of published servers for published clients: both SDK generations, both eras,
// JSON and event streams.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENTRY_NAMES, type ListMember } from '../../src/mcp/lists.js';
import type { TransportDependencies } from '../../src/proxy/forward.js';
import { type Everything, startEverything } from '../fixtures/everything.js';
import { type Forwarding, startForwarding } from '../fixtures/forwarding.js';
import { legacy, modern } from '../fixtures/messages.js';
import { openRaw, type RawRequest, type RawResponse, rawRequest, requestBytes } from '../fixtures/raw-client.js';
import { startV1Upstream, type V1Upstream } from '../fixtures/upstream-v1.js';
import { startV2Upstream, type V2Upstream } from '../fixtures/upstream-v2.js';
import { until } from '../fixtures/wait.js';

const info = { name: 'test', version: '0.0.0' };
const members = Object.keys(ENTRY_NAMES) as ListMember[];

/** Hides some entries of each list, not all. */
const HIDDEN = /slow|get-|simple|structure|text/;
const mayUse = (_member: ListMember, name: string): boolean => !HIDDEN.test(name);

const find: TransportDependencies['listView'] = (_caller, { calls, body }) =>
  body === null || calls.some(({ method }) => method?.endsWith('/list')) ? { members, mayUse } : null;

let everything: Everything;
let v1: V1Upstream;
let v2: V2Upstream;
const filtered = new Map<string, Forwarding>();
const direct = new Map<string, Forwarding>();
beforeAll(async () => {
  [everything, v1, v2] = await Promise.all([startEverything(), startV1Upstream(), startV2Upstream()]);
  for (const [name, { url }] of Object.entries({ everything, v1, v2 })) {
    filtered.set(name, await startForwarding(url, find, { maxConcurrentRequests: 50, maxStreams: 50 }));
    direct.set(name, await startForwarding(url, () => null, { maxConcurrentRequests: 50, maxStreams: 50 }));
  }
});
afterAll(async () => {
  await Promise.all([...filtered.values(), ...direct.values()].map((gateway) => gateway.stop()));
  await Promise.all([everything.stop(), v1.stop(), v2.stop()]);
});

type Lists = Partial<Record<ListMember, Record<string, unknown>[]>>;

/** Compares filtered and complete lists. Each list must lose some entries and keep others. */
function expectFiltered(got: Lists, all: Lists, lists: readonly ListMember[]): void {
  for (const member of lists) {
    const wanted = (all[member] ?? []).filter((entry) => mayUse(member, String(entry[ENTRY_NAMES[member]])));
    expect([member, got[member]]).toEqual([member, wanted]);
    expect(wanted.length).toBeGreaterThan(0);
    expect(wanted.length).toBeLessThan(all[member]?.length ?? 0);
  }
}

describe('SDK 1.x', () => {
  async function listsOf(gateway: Forwarding | undefined, also: boolean): Promise<Lists> {
    const client = new ClientV1(info);
    await client.connect(new TransportV1(new URL(gateway?.url ?? '')) as never);
    const { tools } = await client.listTools();
    if (!also) {
      await client.close();
      return { tools };
    }
    const { prompts } = await client.listPrompts();
    const { resources } = await client.listResources();
    const { resourceTemplates } = await client.listResourceTemplates();
    await client.close();
    return { tools, prompts, resources, resourceTemplates } as Lists;
  }

  test.each(['everything', 'v1', 'v2'])('%s: lists the entries that its caller may use (A-37)', async (name) => {
    const also = name === 'everything';
    const [got, all] = [await listsOf(filtered.get(name), also), await listsOf(direct.get(name), also)];
    expectFiltered(got, all, also ? members : ['tools']);
  });
});

describe('SDK 2', () => {
  test('in the modern era: lists the entries that its caller may use, as private (A-37, B-106)', async () => {
    const listsOf = async (gateway: Forwarding | undefined): Promise<Lists & { cacheScope?: unknown }> => {
      const client = new Client(info, { versionNegotiation: { mode: 'auto' } });
      await client.connect(new StreamableHTTPClientTransport(new URL(gateway?.url ?? '')));
      const listed = await client.listTools();
      await client.close();
      return listed as Lists;
    };
    expectFiltered(await listsOf(filtered.get('v2')), await listsOf(direct.get('v2')), ['tools']);
    const raw = await rawRequest(filtered.get('v2')?.port ?? 0, modern('tools/list'));
    expect([raw.status, JSON.parse(raw.body).result.cacheScope]).toEqual([200, 'private']);
  });
});

test('a list that a legacy stream replays is filtered like the first response', async () => {
  const gateway = filtered.get('everything') as Forwarding;
  const ask = (request: RawRequest): Promise<RawResponse> => rawRequest(gateway.port, request, { label: 'server-everything' });
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: info };
  const initialized = await ask(legacy('initialize', { params }));
  const headers: [string, string][] = [['Mcp-Session-Id', initialized.header('mcp-session-id') ?? '']];
  await ask(legacy('notifications/initialized', { id: null, headers }));

  const first = await ask(legacy('tools/list', { id: 'list', headers }));
  const [, priming] = /^id: (.*)\r?\ndata: ?\r?\n/m.exec(first.body) ?? [];
  expect([first.header('content-type'), typeof priming]).toEqual(['text/event-stream', 'string']);
  const listOf = (body: string): string | undefined => /^data: (\{.*"id":"list".*\})$/m.exec(body)?.[1];
  const names = (body: string): string[] =>
    (JSON.parse(listOf(body) ?? '{}').result?.tools ?? []).map(({ name }: { name: string }) => name);
  expect(names(first.body).length).toBeGreaterThan(0);

  async function replay(port: number): Promise<string[]> {
    const connection = await openRaw(port, { label: 'a replay' });
    const resume: [string, string][] = [...headers, ['Last-Event-ID', priming ?? '']];
    await connection.write(requestBytes(port, legacy('', { method: 'GET', headers: resume })));
    await until('the list again', () => listOf(connection.received()) !== undefined);
    connection.destroy();
    return names(connection.received());
  }
  expect(await replay(gateway.port)).toEqual(names(first.body));
  const all = await replay(direct.get('everything')?.port ?? 0);
  expect(all.filter((name) => mayUse('tools', name))).toEqual(names(first.body));
  expect(all.length).toBeGreaterThan(names(first.body).length);
});
