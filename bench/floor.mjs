// The floor, a process of its own: the least that a gateway on Node does. It is node:http in front
// of undici's Pool.dispatch. It checks nothing, unless its second argument names a key.
import { createServer } from 'node:http';
import { Pool } from 'undici';
import { createTokenCheck } from './token-check.mjs';

/** Fields that are not forwarded: hop-by-hop ones, those that undici writes, and the credential. */
const HOP = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'host',
  'content-length',
  'authorization',
]);
const [origin, trusted] = process.argv.slice(2);
const pool = new Pool(origin, {
  // Held streams keep a connection each.
  connections: null,
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
    // The head of a stream does not wait for its first event.
    if (this.length < 0) this.response.flushHeaders();
  }

  onResponseData(controller, chunk) {
    if (chunk.length === this.length) this.response.end(chunk);
    else if (!this.response.write(chunk)) {
      controller.pause();
      this.response.once('drain', () => controller.resume());
    }
  }

  onResponseEnd() {
    if (!this.response.writableEnded) this.response.end();
  }

  onResponseError() {
    this.response.destroy();
  }
}

function forward(request, response) {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    const { method, url, rawHeaders } = request;
    const headers = onward(rawHeaders);
    const sent = method === 'GET' ? null : body;
    pool.dispatch({ path: url, method, headers, body: sent }, new Carrier(response));
  });
}

function reject(request, response) {
  request.resume();
  response.writeHead(401, { 'Content-Type': 'application/json' });
  response.end('{"error":"invalid_token"}');
}

const isGood = trusted === undefined ? undefined : createTokenCheck(JSON.parse(trusted));
const verified = (request, response) =>
  isGood(request.headers.authorization, (good) =>
    good ? forward(request, response) : reject(request, response),
  );
const handle = isGood === undefined ? forward : verified;
const server = createServer({ noDelay: true, keepAliveTimeout: 65_000 }, handle);
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.once('disconnect', () => process.exit(0));
