// An open response drops the header lines that Node keeps, and stays usable.
import { createServer, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { releaseLines } from '../../src/http/release-lines.js';
import { writeChunks } from '../../src/http/write-chunks.js';
import { ownPort } from '../fixtures/ports.js';
import { rawRequest } from '../fixtures/raw-client.js';

let server = createServer();
afterEach(() => void server.close());

/** The response that a client gets where the gateway releases the lines after `start`. */
async function released(start: (outgoing: ServerResponse) => void) {
  const port = await ownPort();
  const seen: unknown[] = [];
  server = createServer((incoming, outgoing) => {
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
    start(outgoing);
    seen.push(incoming.rawHeaders.length > 0);
    releaseLines(incoming, outgoing);
    seen.push(incoming.rawHeaders.length, outgoing.headersSent, (outgoing as unknown as { _header: string })._header);
    setImmediate(() => outgoing.end(Buffer.from('b')));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { status, headers, body, complete } = await rawRequest(port, {});
  return { seen, response: [status, ...headers('content-type'), body, complete] };
}

test('after the head: the lines are gone, and the rest of the response arrives', async () => {
  expect(await released((outgoing) => writeChunks(outgoing, [Buffer.from('a')]))).toEqual({
    seen: [true, 0, true, ' '],
    response: [200, 'text/event-stream', 'ab', true],
  });
});

describe('the head still arrives', () => {
  test.each<[string, (outgoing: ServerResponse) => void, string]>([
    ['where nothing was written yet', () => {}, 'b'],
    ['where Node may keep it until the next tick', (outgoing) => void outgoing.write(Buffer.from('a')), 'ab'],
    [
      'where the message is corked',
      (outgoing) => {
        outgoing.cork();
        outgoing.write(Buffer.from('a'));
        setImmediate(() => outgoing.uncork());
      },
      'ab',
    ],
  ])('%s', async (_what, start, body) => {
    expect((await released(start)).response).toEqual([200, 'text/event-stream', body, true]);
  });
});
