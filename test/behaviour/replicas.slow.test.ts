// Several gateways behind a balancer without sticky sessions are killed, restarted and get new
// keys. Conversations of both eras go on.
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Hop, startHop } from '../fixtures/hop.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { type Ask, legacy } from '../fixtures/messages.js';
import type { GatewayProcess } from '../fixtures/process.js';
import { type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { startConfigured } from '../fixtures/scene.js';
import { startV1Upstream, type V1Upstream } from '../fixtures/upstream-v1.js';
import { startV2Upstream, type V2Upstream } from '../fixtures/upstream-v2.js';
import { until } from '../fixtures/wait.js';
import { keyText } from '../support/sealing-key.js';

const info = { name: 'test', version: '0.0.0' };
const textOf = (result: unknown): string => (result as { content: { text: string }[] }).content[0]?.text ?? '';
const echo = (text: string) => ({ name: 'echo', arguments: { text } });

let hop: Hop;
let issuer: JwksIssuer;
let v1: V1Upstream;
let v2: V2Upstream;
let replicas: GatewayProcess[] = [];

beforeAll(async () => {
  [hop, issuer, v1, v2] = await Promise.all([startHop(), startJwksIssuer(), startV1Upstream(), startV2Upstream()]);
});
afterAll(async () => {
  await Promise.all(replicas.map((one) => one.stop('SIGKILL')));
  await Promise.all([hop.stop(), issuer.stop(), v1.stop(), v2.stop()]);
});

/** Starts another replica: the same configuration in another process. */
async function join(ring: readonly string[]): Promise<GatewayProcess> {
  const endpoint = (path: string, upstream: string) => ({ path, issuers: ['main'], scopes: ['files:read'], upstream });
  const config = {
    publicUrl: hop.url,
    sessionKeys: ['${env:PORTCULLIS_SESSION_KEYS}'],
    issuers: { main: { issuer: issuer.issuer } },
    endpoints: [endpoint('/v1/mcp', v1.url), endpoint('/v2/mcp', v2.url)],
  };
  const gateway = await startConfigured(config, { process: true, env: { PORTCULLIS_SESSION_KEYS: ring.join(' ') } });
  replicas.push(gateway);
  hop.targets.push(gateway.port);
  return gateway;
}

/** Removes a replica from the balancer, then ends it: at once, or after its open requests. */
async function leave(gateway: GatewayProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  hop.targets = hop.targets.filter((port) => port !== gateway.port);
  replicas = replicas.filter((one) => one !== gateway);
  if (signal === 'SIGTERM') await until('it has no open requests', () => hop.underWay(gateway.port) === 0);
  await gateway.stop(signal);
}

const token = (path: string): string => issuer.token({ audience: hop.url + path });
const url = (path: string): URL => new URL(hop.url + path);

test('B-40, B-81, D-32, E-01, E-12: kill -9 between requests: a legacy and a modern conversation go on', async () => {
  const ring = [keyText()];
  await join(ring);
  await join(ring);
  const bearer = (path: string) => ({ headers: { authorization: `Bearer ${token(path)}` } });
  const soon = { initialReconnectionDelay: 20, maxReconnectionDelay: 100, reconnectionDelayGrowFactor: 1, maxRetries: 100 };
  const transport = new TransportV1(url('/v1/mcp'), { requestInit: bearer('/v1/mcp'), reconnectionOptions: soon });
  const old = new ClientV1(info);
  let announced = 0;
  old.setNotificationHandler(ToolListChangedNotificationSchema, () => {
    announced += 1;
  });
  await old.connect(transport as never);
  const young = new Client(info, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
  await young.connect(new StreamableHTTPClientTransport(url('/v2/mcp'), { requestInit: bearer('/v2/mcp') }));

  const session = transport.sessionId ?? '';
  const [known] = v1.sessions();
  expect([session, v1.sessions().length]).toEqual([expect.stringMatching(/^[\w-]{60,200}$/), 1]);
  expect(session).not.toContain(known);
  const killed: number[] = [];
  const went = hop.went.length;
  for (let round = 0; round < 6; round++) {
    for (const text of ['before', 'after']) {
      expect(textOf(await old.callTool(echo(`${text} ${round}`)))).toBe(`${text} ${round}`);
      expect((await old.listTools()).tools.map(({ name }) => name)).toContain('echo');
      expect(textOf(await young.callTool(echo(`${text} ${round}`)))).toBe(`${text} ${round}`);
      if (text === 'after') continue;
      const [longest] = replicas as [GatewayProcess];
      killed.push(longest.pid);
      await leave(longest, 'SIGKILL');
      await join(ring);
    }
    // The stream was cut with its gateway, and the client opened it again through another one.
    const before = announced;
    await until('a notification on the GET stream', () => {
      v1.announce();
      return announced > before;
    });
    expect([transport.sessionId, v1.sessions()]).toEqual([session, [known]]);
  }
  expect(new Set(killed).size).toBe(6);
  // None of the eight processes served all requests.
  expect(new Set(hop.went.slice(went)).size).toBeGreaterThan(4);
  for (const { headers } of v1.seen) expect([known, undefined]).toContain(headers['mcp-session-id']);
  for (const { headers } of v2.seen) expect(headers['mcp-session-id']).toBeUndefined();

  await transport.terminateSession();
  expect(v1.sessions()).toEqual([]);
  await Promise.all([old.close(), young.close()]);
  await Promise.all(replicas.map((one) => leave(one, 'SIGKILL')));
}, 60_000);

describe('E-08, D-32: new keys under load', () => {
  /** Any replica may get the request. */
  const send = (method: string, session: string | undefined, ask: Ask = {}): Promise<RawResponse> => {
    const headers: Ask['headers'] = session === undefined ? [] : [['Mcp-Session-Id', session]];
    return rawRequest(hop.port, legacy(method, { path: '/v1/mcp', token: token('/v1/mcp'), headers, ...ask }));
  };
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: info };
  async function begun(): Promise<string> {
    const response = await send('initialize', undefined, { params });
    expect([response.status, response.body.includes('serverInfo')]).toEqual([200, true]);
    return response.header('mcp-session-id') ?? '';
  }

  test('replica by replica: first all can read the new key, then it seals, then the old key is removed', async () => {
    const [old, young] = [keyText(), keyText()];
    await join([old]);
    await join([old]);

    let working = true;
    const conversations = [0, 0, 0];
    const flaws: unknown[] = [];
    /** One conversation after the other. Each request has its own token and goes to any replica. */
    async function converse(worker: number): Promise<void> {
      while (working) {
        const session = await begun();
        for (let i = 0; i < 4; i++) {
          const called = await send('tools/call', session, { params: echo('hello') });
          if (called.status !== 200 || called.header('mcp-session-id') !== session) flaws.push([called.status, called.body]);
        }
        const ended = await send('', session, { method: 'DELETE' });
        if (ended.status !== 200) flaws.push([ended.status, ended.body]);
        conversations[worker] = (conversations[worker] as number) + 1;
        await sleep(5);
      }
    }
    const load = Promise.all([converse(0), converse(1), converse(2)]);
    const calls = async (session: string): Promise<number[]> => {
      const responses = await Promise.all(Array.from({ length: 8 }, () => send('tools/call', session, { params: echo('x') })));
      return [...new Set(responses.map(({ status }) => status))];
    };

    /** Each replica in turn gets this ring. Resolves to a session that begins under the load. */
    async function roll(ring: readonly string[]): Promise<string> {
      for (const one of [...replicas]) {
        await join(ring);
        await leave(one, 'SIGTERM');
      }
      const before = [...conversations];
      const moved = () => conversations.every((count, worker) => count >= (before[worker] as number) + 2);
      await until('the load goes on with this ring', moved, 15_000);
      return begun();
    }

    try {
      const first = await begun();
      const second = await roll([old, young]);
      expect([await calls(first), await calls(second)]).toEqual([[200], [200]]);
      const third = await roll([young, old]);
      expect([await calls(first), await calls(second), await calls(third)]).toEqual([[200], [200], [200]]);
      await roll([young]);
      expect([await calls(first), await calls(second), await calls(third)]).toEqual([[404], [404], [200]]);
    } finally {
      working = false;
      await load;
    }
    expect(flaws).toEqual([]);
  }, 90_000);
});
