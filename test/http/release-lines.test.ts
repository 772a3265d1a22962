// An open response drops the header lines that Node keeps, and stays usable.
import { createServer } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { releaseLines } from '../../src/http/release-lines.js';
import { ownPort } from '../fixtures/ports.js';
import { rawRequest } from '../fixtures/raw-client.js';

const server = createServer();
afterEach(() => void server.close());

test('after the head: the lines are gone, and the rest of the response arrives', async () => {
  const port = await ownPort();
  const seen: unknown[] = [];
  server.on('request', (incoming, outgoing) => {
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
    outgoing.write(Buffer.from('a'));
    seen.push(incoming.rawHeaders.length > 0);
    releaseLines(incoming, outgoing);
    seen.push(incoming.rawHeaders.length, outgoing.headersSent);
    setImmediate(() => outgoing.end(Buffer.from('b')));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { status, body, complete } = await rawRequest(port, {});
  expect([status, body, complete, seen]).toEqual([200, 'ab', true, [true, 0, true]]);
});
