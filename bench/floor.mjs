// The floor, a process of its own: the least that a gateway on Node does. It is node:http in front
// of undici's Pool.dispatch, without checks.
import { createServer } from 'node:http';
import { Pool } from 'undici';

/** Fields that are not forwarded: hop-by-hop ones, those that undici writes, and the credential. */
const HOP = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'host',
  'content-length',
  'authorization',
]);
const pool = new Pool(process.argv[2], {
  connections: 256,
  pipelining: 1,
  headersTimeout: 0,
  bodyTimeout: 0,
});

function onward(rawHeaders) {
  const headers = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (!HOP.has(rawHeaders[i].toLowerCase())) headers.push(rawHeaders[i], rawHeaders[i + 1]);
  }
  return headers;
}

class Carrier {
  controller = null;
  length = -1;

  constructor(response) {
    this.response = response;
    response.on(
      'close',
      () => response.writableFinished || this.controller?.abort(new Error('client gone')),
    );
  }

  onRequestStart(controller) {
    this.controller = controller;
  }

  onResponseStart(_controller, status, headers) {
    const out = [];
    for (const name in headers) {
      if (name !== 'connection' && name !== 'keep-alive' && name !== 'transfer-encoding')
        out.push(name, headers[name]);
    }
    this.length = Number(headers['content-length'] ?? -1);
    this.response.writeHead(status, out);
  }

  onResponseData(_controller, chunk) {
    if (chunk.length === this.length) this.response.end(chunk);
    else this.response.write(chunk);
  }

  onResponseEnd() {
    if (!this.response.writableEnded) this.response.end();
  }

  onResponseError() {
    this.response.destroy();
  }
}

const server = createServer({ noDelay: true, keepAliveTimeout: 65_000 }, (request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    const { method, url, rawHeaders } = request;
    pool.dispatch({ path: url, method, headers: onward(rawHeaders), body }, new Carrier(response));
  });
});
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.once('disconnect', () => process.exit(0));
