// The chunks of one call leave with one system call, with the head, and before it returns.
import { createServer, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { writeChunks } from '../../src/http/write-chunks.js';
import { ownPort } from '../fixtures/ports.js';
import { until } from '../fixtures/wait.js';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A response without a declared length, and its client, which reads only after `resume`. */
async function open() {
  const port = await ownPort();
  let outgoing: ServerResponse | undefined;
  const server = createServer((_incoming, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    outgoing = response;
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const client = connect(port, '127.0.0.1').pause();
  ends.push(
    () => client.destroy(),
    () => server.close(),
  );
  let text = '';
  client.on('data', (data) => (text += data.toString('latin1')));
  client.pause();
  client.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  await until('the request', () => expect(outgoing).toBeDefined());
  return { outgoing: outgoing as ServerResponse, client, text: () => text };
}

const small = Buffer.from('data: x\n\n');

test('the head and all chunks are with the kernel when the call returns', async () => {
  const { outgoing, client, text } = await open();
  expect(writeChunks(outgoing, [small, small])).toBe(true);
  expect([outgoing.socket?.bytesWritten, outgoing.writableLength]).toEqual([expect.any(Number), 0]);
  expect(outgoing.socket?.bytesWritten).toBeGreaterThan(2 * small.length + 'HTTP/1.1 200 OK'.length);
  client.resume();
  await until('the chunks', () => expect(text().match(/data: x/g)).toHaveLength(2));
  expect(text()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
});

test('one call makes one write of the socket', async () => {
  const { outgoing } = await open();
  const socket = outgoing.socket ?? expect.fail('no socket');
  const calls: number[] = [];
  const writev = socket._writev?.bind(socket) ?? expect.fail('no _writev');
  socket._writev = (chunks, done) => {
    calls.push(chunks.length);
    writev(chunks, done);
  };
  writeChunks(outgoing, [small, small, small]);
  await turn();
  expect(calls).toHaveLength(1);
});

test('a chunk above the bound of Node counts as taken where the kernel has it', async () => {
  const { outgoing } = await open();
  expect(writeChunks(outgoing, [Buffer.alloc(100_000)])).toBe(true);
});

test('a client that does not read: false, and drain follows once it does', async () => {
  const { outgoing, client } = await open();
  let calls = 0;
  while (writeChunks(outgoing, [Buffer.alloc(1_000_000), small])) if (++calls > 100) expect.fail('all taken');
  expect(writeChunks(outgoing, [small])).toBe(false);
  let drained = false;
  outgoing.once('drain', () => (drained = true));
  await turn();
  expect(drained).toBe(false);
  client.resume();
  await until('the drain', () => expect(drained).toBe(true));
  expect(writeChunks(outgoing, [small])).toBe(true);
});
