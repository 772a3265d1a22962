// Writes several chunks of a response with one system call.
import type { ServerResponse } from 'node:http';

/** False if bytes wait because the client reads too slowly. Then `drain` follows. */
export function writeChunks(outgoing: ServerResponse, chunks: readonly Buffer[]): boolean {
  const { socket } = outgoing;
  // Without a cork on the socket, Node 26 keeps the chunks and the head until the next tick.
  socket?.cork();
  let isTaken = true;
  for (const chunk of chunks) isTaken = outgoing.write(chunk);
  if (socket === null) return isTaken;
  // Node corks the socket until the next tick. Only then would it show what the kernel took.
  while (socket.writableCorked > 0) socket.uncork();
  return isTaken || socket.writableLength < socket.writableHighWaterMark;
}
