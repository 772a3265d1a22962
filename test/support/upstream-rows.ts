// Checks the answer to the caller of a faulty upstream: one row of the failure table, in the
// gateway's own words and headers, and its log line.
import { expect } from 'vitest';
import { modern } from '../fixtures/messages.js';
import type { RawResponse } from '../fixtures/raw-client.js';
import { type Answer, answers } from '../fixtures/raw-upstream.js';
import type { Scene } from '../fixtures/scene.js';

export type Row = { status: number; code: number; message: string; kind: string };
const of = (kind: string, message: string, status = 502): Row => ({ status, code: -31000 - status, message, kind });
export const BROKEN = of('upstream.broken', 'The MCP server sent no valid response');
export const REFUSED_US = of('upstream.gateway_rejected', 'The MCP server rejected the gateway');
export const TIMEOUT = of('upstream.timeout', 'The MCP server timed out', 504);
export const UNREACHABLE = of('upstream.unreachable', 'The MCP server is unreachable');

export const BODY = '{"jsonrpc":"2.0","id":7,"result":{}}';
export const TYPE = 'Content-Type: application/json';
export const SIZED = `Content-Length: ${BODY.length}`;
export const CHUNKED = 'Transfer-Encoding: chunked';
export const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
const INTERNAL = 'X-Internal-Host: http://internal.example\r\nServer: internal/1.0\r\nSet-Cookie: internal=1';

/** The bytes of an answer. Each case adds its flaw. */
export const answer = (status: string, lines: string[], body = BODY): string =>
  [`HTTP/1.1 ${status}`, ...lines, INTERNAL, '', body].join('\r\n');
export const raw = (bytes: string | string[]): Answer => answers.raw(bytes);
export const kept = (bytes: string | Buffer | string[]): Answer => answers.raw(bytes, { keep: true });

const OWN_HEADERS = ['cache-control', 'connection', 'content-length', 'content-type', 'date', 'keep-alive', 'x-request-id'];

export type RowChecks = {
  call(path?: string): Promise<RawResponse>;
  /** The whole answer is this row. It holds no part of the upstream's answer. */
  expectRow(response: RawResponse, row: Row): void;
  /** The log has one line for every answer checked since the last call, with its row. */
  expectLogged(): Promise<void>;
  /** The next call through the same gateway gets its own complete answer. */
  expectNext(): Promise<void>;
};

export function createRowChecks(scene: () => Scene): RowChecks {
  let answered: { response: RawResponse; reason: string; status: number }[] = [];
  const checks: RowChecks = {
    call(path = '/mcp') {
      const token = scene().token({ audience: `${scene().gateway.url}${path}` });
      return scene().send(modern('tools/list', { id: 7, path, token }), { label: 'a call' });
    },
    expectRow(response, row) {
      expect([response.status, response.complete, response.interim]).toEqual([row.status, true, []]);
      const { error, ...rest } = JSON.parse(response.body) as { error: { code: number; message: string; data: unknown } };
      expect(rest).toEqual({ jsonrpc: '2.0', id: 7 });
      expect([error.code, error.message]).toEqual([row.code, row.message]);
      expect(error.data).toEqual({ requestId: response.header('x-request-id') });
      expect(response.rawHeaders.map(([name]) => name.toLowerCase()).sort()).toEqual(OWN_HEADERS);
      expect(response.header('cache-control')).toBe('no-store');
      expect(JSON.stringify(response.rawHeaders) + response.body).not.toMatch(
        /internal\.example|internal=|internal\/1|127\.0\.0\.1/,
      );
      answered.push({ response, reason: row.kind, status: row.status });
    },
    async expectLogged() {
      expect(answered.length).toBeGreaterThan(0);
      const lines = await Promise.all(answered.map(({ response }) => scene().logOf(response)));
      expect(lines.map((line) => ({ reason: line.reason, status: line['http.response.status_code'] }))).toEqual(
        answered.map(({ reason, status }) => ({ reason, status })),
      );
      for (const line of lines) expect([line.level, line.stack]).toEqual(['error', undefined]);
      answered = [];
    },
    async expectNext() {
      scene().upstream.answer(answers.rpc({ next: true }));
      const response = await checks.call();
      expect([response.status, response.complete]).toEqual([200, true]);
      expect(JSON.parse(response.body)).toEqual({ jsonrpc: '2.0', id: 7, result: { next: true } });
    },
  };
  return checks;
}
