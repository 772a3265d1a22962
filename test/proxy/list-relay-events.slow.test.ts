// A long event stream with lists, for a caller that reads slowly.
import { describe, expect, test } from 'vitest';
import { legacy } from '../fixtures/messages.js';
import { until } from '../fixtures/wait.js';
import { open, startListGateway, upstream } from '../support/list-gateway.js';

startListGateway();

describe('an event stream', () => {
  const event = (text: string): string => `id: 3\ndata: ${text}\n\n`;

  test('with a slow caller pauses the upstream (B-79)', async () => {
    const block = Buffer.from(event(`{"a":"${'x'.repeat(1 << 20)}"}`));
    const total = 64;
    let sent = 0;
    upstream.answer(async ({ req, res }) => {
      req.resume();
      res.writeHead(200, { 'content-type': 'text/event-stream', 'content-length': block.length * total });
      for (; sent < total; sent++) if (!res.write(block)) await new Promise((resolve) => res.once('drain', resolve));
      res.end();
    });
    const connection = await open(legacy('tools/list'));
    connection.socket.pause();
    let before = -1;
    await until('the upstream is paused', async () => {
      const same = sent > 0 && sent === before;
      before = sent;
      if (!same) await new Promise((resolve) => setTimeout(resolve, 200));
      return same;
    });
    expect(sent).toBeLessThan(total);
    connection.socket.resume();
    const response = await connection.response({ label: 'all of it', ms: 15_000 });
    expect([response.complete, response.bytes.length]).toEqual([true, ':\n'.length + block.length * total]);
  });
});
