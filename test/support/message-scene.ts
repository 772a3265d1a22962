// A scene for single messages, with the requests of either revision and the check of a rejection.
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { type Ask, legacy, META, modern } from '../fixtures/messages.js';
import type { RawRequest, RawResponse } from '../fixtures/raw-client.js';
import { type Scene, startScene } from '../fixtures/scene.js';

/** The scene of the running file; `startMessageScene` starts it. */
export let scene: Scene;
let told: { response: RawResponse; reason: string }[] = [];

/** Starts a scene for all tests of a file. */
export function startMessageScene(): void {
  beforeAll(async () => {
    told = [];
    scene = await startScene();
  });
  afterAll(() => scene.stop());
  beforeEach(async () => {
    scene.upstream.reset();
    await scene.passes();
    scene.upstream.reset();
  });
}

export type Make = () => RawRequest;
export type Case = [name: string, make: Make, id?: undefined];
const REASONS: Record<number, string> = {
  [-32020]: 'envelope.header_mismatch',
  [-32022]: 'envelope.version',
  [-32602]: 'envelope.meta',
  [-32600]: 'envelope.invalid',
  [-32700]: 'envelope.unreadable',
  [-31415]: 'body.media_type',
};

/**
 * The request may be rejected before the body is read, without an id (D-02), or after it, with the
 * id (D-01).
 */
export const EITHER = Symbol('with or without the id');

export async function refused(make: Make, code: number, id: unknown, status = 400): Promise<Record<string, unknown>> {
  const response = await scene.send(make());
  const body = JSON.parse(response.body) as { id?: unknown; error: Record<string, unknown> };
  const known = id === EITHER ? [undefined, 'id-1'] : [id];
  expect([response.status, body.error.code, known.includes(body.id)]).toEqual([status, code, true]);
  expect([response.headers('www-authenticate'), response.header('cache-control')]).toEqual([[], 'no-store']);
  expect(scene.upstream.hits).toBe(0);
  told.push({ response, reason: REASONS[code] ?? '' });
  return body.error;
}

export const call = (ask: Ask = {}): RawRequest =>
  modern('tools/call', { id: 'id-1', params: { name: 'delete' }, token: scene.token(), ...ask });
export const list = (ask: Ask = {}): RawRequest => modern('tools/list', { id: 'id-1', token: scene.token(), ...ask });
export const old = (ask: Ask = {}): RawRequest => legacy('tools/list', { id: 'id-1', token: scene.token(), ...ask });
export const version = (value: string | null): [string, string | null] => ['MCP-Protocol-Version', value];
export const meta = (values: Record<string, unknown>): string =>
  JSON.stringify({ jsonrpc: '2.0', id: 'id-1', method: 'tools/list', params: { _meta: { ...META, ...values } } });
export const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';

/** Compares the log with the rejections so far: at least `least` of them. */
export async function expectReasons(least: number): Promise<void> {
  const lines = await Promise.all(told.map(({ response }) => scene.logOf(response)));
  expect(told.length).toBeGreaterThan(least);
  expect(lines.map(({ reason }) => reason)).toEqual(told.map(({ reason }) => reason));
}
