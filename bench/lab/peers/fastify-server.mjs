// The server of the peer "Fastify". It runs in a folder that has its packages.
import proxy from '@fastify/http-proxy';
import jwt from '@fastify/jwt';
import Fastify from 'fastify';

const { port, upstreamPort, publicPem, issuer, audience } = JSON.parse(process.argv[2]);
const app = Fastify({ logger: false, forceCloseConnections: true });
await app.register(jwt, {
  secret: { public: publicPem },
  verify: { algorithms: ['RS256'], allowedIss: issuer, allowedAud: audience, cache: 10_000 },
});

async function preHandler(request, reply) {
  try {
    await request.jwtVerify();
  } catch {
    return reply.code(401).send({ error: 'invalid_token' });
  }
}

await app.register(proxy, {
  upstream: `http://127.0.0.1:${upstreamPort}`,
  undici: { connections: null, pipelining: 1, bodyTimeout: 0, headersTimeout: 0 },
  preHandler,
});
await app.listen({ port, host: '127.0.0.1' });
