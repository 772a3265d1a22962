// Fastify with @fastify/jwt, which caches results, and @fastify/http-proxy.
export const fastify = {
  name: 'Fastify',
  npm: [
    ['fastify', '5.12.8'],
    ['@fastify/http-proxy', '11.6.3'],
    ['@fastify/jwt', '10.2.8'],
  ],
  about: '@fastify/jwt with its cache',
  script: 'fastify-server.mjs',
};
