// Writes the requests of a scenario into a file that the load generator reads.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requestBytes, streamBytes } from '../json-call.mjs';
import { folder } from './folders.mjs';
import { tokensOf } from './tokens.mjs';

/** The port in publicUrl of bench/everything.yaml. The same requests go to every target. */
const PORT = 8080;

/** The bytes of one request. The tool `get` means a GET that opens a stream. */
export function requestOf(tool, token) {
  const credential = token === undefined ? null : `Authorization: Bearer ${token}`;
  return tool === 'get' ? streamBytes(PORT, credential) : requestBytes(PORT, credential, tool);
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
