// A gateway that filters the lists of an upstream, and requests for these lists.
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import type { ListMember, ListView } from '../../src/mcp/lists.js';
import { type Forwarding, startForwarding } from '../fixtures/forwarding.js';
import { legacy, modern } from '../fixtures/messages.js';
import {
  openRaw,
  type RawConnection,
  type RawRequest,
  type RawResponse,
  rawRequest,
  requestBytes,
} from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';

export const members: ListMember[] = ['tools', 'prompts', 'resources', 'resourceTemplates'];
export const view: ListView = { members, mayUse: (_member, name) => !name.startsWith('no') };

export const JSON_LINE: [string, string] = ['content-type', 'application/json'];
export const list = (...names: string[]): string =>
  `{"jsonrpc":"2.0","id":1,"result":{"tools":[${names.map((name) => `{"name":"${name}"}`).join()}],"cacheScope":"public"}}`;
export const left = (...names: string[]): string => list(...names).replace('public', 'private');

export let upstream: RawUpstream;
export let gateway: Forwarding;
/** Whether the gateway filters lists. */
export let filtering = true;
export const stopFiltering = (): void => {
  filtering = false;
};
/** Starts both for all tests of a file. */
export function startListGateway(): void {
  beforeAll(async () => {
    upstream = await startRawUpstream();
    const limits = { headersTimeoutMs: 400, maxConcurrentRequests: 2, maxStreams: 2 };
    gateway = await startForwarding(`${upstream.url}/up`, () => (filtering ? view : null), limits);
  });
  afterAll(async () => {
    await gateway.stop();
    await upstream.stop();
  });
  beforeEach(async () => {
    filtering = true;
    upstream.reset();
    upstream.answer(answers.status(200, [JSON_LINE], list('a', 'no', 'b')));
    expect((await ask(modern('tools/list'))).body).toBe(left('a', 'b'));
    upstream.reset();
    gateway.ends.length = 0;
  });
}

export const ask = (request: RawRequest): Promise<RawResponse> => rawRequest(gateway.port, request, { label: 'a list' });

export async function open(request: RawRequest): Promise<RawConnection> {
  const connection = await openRaw(gateway.port, { label: 'a list' });
  await connection.write(requestBytes(gateway.port, request));
  return connection;
}

export const requests: [string, RawRequest][] = [
  ['modern', modern('tools/list')],
  ['legacy', legacy('tools/list')],
  ['GET', legacy('', { method: 'GET' })],
];

export async function expectBroken(response: RawResponse, detail: RegExp): Promise<void> {
  expect([response.status, response.complete]).toEqual([502, true]);
  expect(response.body).toContain('"The MCP server sent no valid response"');
  expect(response.body).not.toContain('"name"');
  expect(gateway.ends.join()).toMatch(detail);
  expect(gateway.ends).toHaveLength(1);
  // The connections are free again: one more request succeeds than there are connections.
  upstream.answer(answers.status(200, [JSON_LINE], list('no')));
  for (let i = 0; i < 3; i++) expect((await ask(modern('tools/list'))).body).toBe(left());
}
