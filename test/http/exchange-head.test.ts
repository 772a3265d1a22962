// The head of an exchange on a real socket: every header line, and the target in origin form.
import { afterEach, expect, test } from 'vitest';
import type { Exchange } from '../../src/core/exchange.js';
import { createListener, type Listener } from '../../src/http/server.js';
import { ownPort } from '../fixtures/ports.js';
import { rawRequest } from '../fixtures/raw-client.js';

let listener: Listener | undefined;
afterEach(async () => {
  await listener?.drain(0);
  listener = undefined;
});

/** A listener that answers each exchange with 204. */
async function listening() {
  const seen: Exchange[] = [];
  const answer = (one: Exchange): void => {
    seen.push(one);
    one.begin(204, []);
    one.end();
  };
  const made = createListener(answer, () => {}, 60_000);
  listener = made;
  const { port } = await made.listen('127.0.0.1', await ownPort());
  return { listener: made, port, seen };
}

test.each([201, 999, 1000, 1001, 1002, 2000, 2001, 5000, 12_000])('no header line is lost of %i (B-59)', async (lines) => {
  const { port, seen, listener: made } = await listening();
  const surplus = 'a:b\r\n'.repeat(lines - 2);
  expect((await rawRequest(port, `GET / HTTP/1.1\r\nHost: a\r\n${surplus}X-Last: c\r\n\r\n`)).status).toBe(204);
  const [one] = seen as [Exchange];
  expect([one.names.length, one.names.at(-1)]).toEqual([lines, 'x-last']);
  expect(made.validateRequest(one)?.definition.reason).toBe('connection.headers_too_large');
});

test.each([
  ['/mcp?x', 'a:', '/mcp', '/mcp?x'],
  ['http://a/mcp?x', 'a', '/mcp', '/mcp?x'],
  ['http://a', 'a', '/', '/'],
  ['http://a//mcp/../x', 'a:80', '//mcp/../x', '//mcp/../x'],
])('%s has its origin form, and a host without an empty port (B-12, A-19)', async (sent, host, path, target) => {
  const { port, seen } = await listening();
  expect((await rawRequest(port, `GET ${sent} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).status).toBe(204);
  expect([seen[0]?.path, seen[0]?.target, seen[0]?.host]).toEqual([path, target, host.replace(/:$/, '')]);
});
