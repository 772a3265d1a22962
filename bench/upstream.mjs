// The upstream of the benchmark, a process of its own: answers every request with the same bytes,
// as cheaply as Node can.
import { createServer } from 'node:net';
import { Framer } from './frame.mjs';

const body = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  result: { content: [{ type: 'text', text: 'x'.repeat(400) }] },
});
const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
);

const server = createServer({ noDelay: true }, (socket) => {
  const framer = new Framer();
  socket.on('data', (chunk) => {
    try {
      if (framer.take(chunk) !== null) socket.write(answer);
    } catch {
      socket.destroy();
    }
  });
  socket.on('error', () => socket.destroy());
});
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.once('disconnect', () => process.exit(0));
