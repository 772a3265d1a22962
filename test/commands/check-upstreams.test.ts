// `portcullis check` names each planted mistake of an upstream or a listener with its fix. Each is
// on a real server.
import { createServer } from 'node:https';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { certificate } from '../fixtures/certificate.js';
import { listen } from '../fixtures/ports.js';
import {
  type CheckScene,
  expectNamed,
  findingOf,
  html,
  initialized,
  json,
  type Mistake,
  startCheckScene,
  status,
  upstreamAt,
} from './check-scene.js';

let scene: CheckScene;
beforeAll(async () => {
  scene = await startCheckScene();
});
beforeEach(() => scene.reset());
afterAll(() => scene.stop());

const mistakes: Mistake[] = [
  [
    'an upstream that is down',
    'upstream',
    async () => {
      await scene.upstream.stop();
      return scene.config();
    },
    /FAIL .*ECONNREFUSED/,
    /fix: start the server, or correct host and port: nothing listens there/,
  ],
  [
    'an upstream URL with a wrong path',
    'upstream',
    () => {
      const good = initialized;
      scene.upstream.answer((one) => (one.req.url === '/mcp' ? good(one) : status(404)(one)));
      return scene.config({}, upstreamAt(scene, '/mcp/v1'));
    },
    /FAIL .*404 without a media type: no MCP server at this path/,
    /fix: write http:\S+:\d+\/mcp: an MCP server answers there/,
  ],
  [
    'an upstream URL of a web page',
    'upstream',
    () => {
      scene.upstream.answer(html);
      return scene.config({}, upstreamAt(scene, '/'));
    },
    /FAIL .*200 with an HTML page: no MCP server at this path/,
    /fix: write the URL of the MCP server with its path, such as http:\S+\/mcp/,
  ],
  [
    'an upstream that redirects',
    'upstream',
    () => {
      scene.upstream.answer(status(307, [['location', '/mcp/']]));
      return scene.config();
    },
    /FAIL .*307, a redirect to \/mcp\//,
    /fix: write http:\S+\/mcp\/: the gateway follows no redirect/,
  ],
  [
    'an upstream that accepts a made-up pass-through credential',
    'upstream',
    () => {
      scene.upstream.answer(initialized);
      return scene.config({}, { ...upstreamAt(scene, '/mcp'), passThrough: [{ scheme: 'Token', upstreamVerifies: true }] });
    },
    /FAIL .*accepts a made-up credential \(token\), so every caller passes/,
    /fix: make the upstream reject it, or remove passThrough/,
  ],
  [
    'an upstream that does not check the credential of the gateway',
    'upstream',
    () => {
      scene.upstream.answer(initialized);
      return scene.config();
    },
    /warn .*accepts a made-up credential/,
    /fix: let the upstream verify it .*, or let only the gateway reach the upstream/,
  ],
  [
    'a wrong secret for the upstream',
    'upstream',
    () => {
      scene.upstream.answer(json({}, 403));
      return scene.config();
    },
    /FAIL .*rejects the credential of the gateway \(403\)/,
    /fix: correct the secret of upstream\.credential/,
  ],
  [
    'an upstream that demands a credential and gets none',
    'upstream',
    () => scene.config({}, upstreamAt(scene, '/mcp')),
    /FAIL .*demands a credential \(401\), and the gateway presents none/,
    /fix: write upstream: \{ url: \.\.\., credential: \.\.\. \}/,
  ],
  [
    'a port that another process has',
    'address',
    async () => ({ ...(await scene.config()), listen: { port: Number(new URL(scene.idp.url).port) } }),
    /warn .*is in use by another process/,
    /fix: choose another listen or admin port/,
  ],
];

test.each(mistakes)('names %s', (...mistake) => expectNamed(scene, mistake));

describe('a certificate', () => {
  test('that signed itself, at an issuer and at an upstream', async () => {
    const server = createServer(certificate({ name: 'self', hosts: ['127.0.0.1'] }), (_req, res) => res.end());
    const url = `https://127.0.0.1:${await listen(server)}`;
    const run = await scene.check(await scene.config({ issuer: url }, { upstream: `${url}/mcp` }));
    server.close();
    for (const name of ['metadata', 'upstream']) {
      expect(findingOf(run, name)).toMatch(/FAIL .*DEPTH_ZERO_SELF_SIGNED_CERT/);
      expect(findingOf(run, name)).toMatch(/fix: no authority that this machine trusts signed .*NODE_EXTRA_CA_CERTS=/);
    }
    expect(run.code).toBe(1);
  });

  test('is named where the port has no TLS', async () => {
    const { port } = new URL(scene.upstream.url);
    const run = await scene.check(await scene.config({}, { upstream: `https://127.0.0.1:${port}/mcp` }));
    expect(findingOf(run, 'upstream')).toMatch(/fix: correct the port, or write http for a server without TLS/);
  });
});
