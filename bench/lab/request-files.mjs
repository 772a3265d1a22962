// Writes the requests of a scenario into a file that the load generator reads.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder } from './folders.mjs';
import { tokensOf } from './tokens.mjs';

/** The name in publicUrl of bench/everything.yaml. The same requests go to every target. */
const HOST = '127.0.0.1:8080';
const COMMON = [
  `Host: ${HOST}`,
  'User-Agent: portcullis-bench/1',
  'MCP-Protocol-Version: 2025-11-25',
];

const bodyOf = (tool) =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: {
      name: tool,
      arguments: { query: 'q'.repeat(150), limit: 10 },
      _meta: { progressToken: 't' },
    },
  });

/** The bytes of one request. The tool `get` stands for a GET that opens a stream. */
export function requestOf(tool, token) {
  const lines = [...COMMON, ...(token === undefined ? [] : [`Authorization: Bearer ${token}`])];
  if (tool === 'get')
    return ['GET /mcp HTTP/1.1', ...lines, 'Accept: text/event-stream', '', ''].join('\r\n');
  const body = bodyOf(tool);
  return [
    'POST /mcp HTTP/1.1',
    ...lines,
    'Accept: application/json, text/event-stream',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}

/** The records of the load generator: a length of four bytes, low byte first, and the request. */
export function records(requests) {
  return Buffer.concat(
    requests.flatMap((request) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(Buffer.byteLength(request));
      return [length, Buffer.from(request)];
    }),
  );
}

const written = new Map();

/** The file with the requests of a tool, one for each token of the kind, and their number. */
export function requestFile(tool, kind) {
  const name = `${tool}-${kind}.bin`;
  if (!written.has(name)) {
    const requests = tokensOf(kind).map((token) => requestOf(tool, token));
    const file = join(folder('requests'), name);
    writeFileSync(file, records(requests));
    written.set(name, { file, count: requests.length });
  }
  return written.get(name);
}
