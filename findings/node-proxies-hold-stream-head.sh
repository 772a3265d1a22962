#!/bin/sh
# Shows that common proxies of Node hold the head of an event stream until its first byte.
#
# Software:  http-proxy 1.18.1, httpxy 0.5.6, @fastify/http-proxy 11.6.3 with fastify 5.12.8
# Observed:  2026-11-30
# Needs:     Node 20.19 or newer, npm, the package registry, `timeout`
#
# An MCP client opens a GET stream and waits for its head. The server sends the head at once, and
# its first event later.
#
# Expected:  the client gets the head through the proxy about as early as without it.
# Behaviour: the proxy gets the head at once and sends it with the first byte of the body. If the
#            first event comes after 2 s, the client gets the head after 2 s. A comment line that the
#            server sends together with the head makes the proxies forward both at once.
#
# Exit code 0: the behaviour is as stated; 1: it differs; 2: the packages cannot be installed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 2' INT TERM
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
timeout 180 npm install --silent --ignore-scripts --no-audit --no-fund \
  http-proxy@1.18.1 httpxy@0.5.6 @fastify/http-proxy@11.6.3 fastify@5.12.8 || exit 2

cat > run.mjs <<'SCRIPT'
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import proxyOfFastify from '@fastify/http-proxy';
import Fastify from 'fastify';
import httpProxy from 'http-proxy';
import { createProxyServer } from 'httpxy';

const FIRST_EVENT_MS = 2000;

const listen = async (server) => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server.address().port;
};

const upstream = createServer((request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  if (request.url === '/comment') response.write(':\n');
  else response.flushHeaders();
  const timer = setTimeout(() => response.write('data: 1\n\n'), FIRST_EVENT_MS);
  response.on('close', () => clearTimeout(timer));
});
const target = `http://127.0.0.1:${await listen(upstream)}`;

const plain = (proxy) => createServer((request, response) => proxy.web(request, response, { target }));
const fastify = Fastify();
fastify.register(proxyOfFastify, { upstream: target });
await fastify.listen({ port: 0, host: '127.0.0.1' });

const ports = {
  'no proxy': Number(new URL(target).port),
  'http-proxy 1.18.1': await listen(plain(httpProxy.createProxyServer())),
  'httpxy 0.5.6': await listen(plain(createProxyServer())),
  '@fastify/http-proxy 11.6.3': fastify.server.address().port,
};

// Milliseconds until the client has the head.
function headAfter(port, path) {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false }, () => {
      resolve(Math.round(performance.now() - started));
      request.destroy();
    });
    request.setTimeout(10_000, () => request.destroy(new Error('no head within 10 s')));
    request.on('error', reject);
  });
}

let asStated = true;
for (const [name, port] of Object.entries(ports)) {
  await headAfter(port, '/comment');
  const quiet = await headAfter(port, '/quiet');
  const comment = await headAfter(port, '/comment');
  console.log(`${name}: the head came after ${quiet} ms, and with a comment after ${comment} ms`);
  const isHeld = quiet >= FIRST_EVENT_MS - 100;
  if (isHeld !== (name !== 'no proxy') || comment > FIRST_EVENT_MS / 2) asStated = false;
}
console.log(asStated ? 'as stated' : 'NOT as stated');
process.exit(asStated ? 0 : 1);
SCRIPT
timeout 60 node run.mjs
