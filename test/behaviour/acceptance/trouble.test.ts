// The acceptance tests of the client study about failing upstreams and killed replicas, by their
// numbers there.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Gateway } from '../../fixtures/gateway.js';
import { type JwksIssuer, startJwksIssuer } from '../../fixtures/jwks-issuer.js';
import { legacy, modern } from '../../fixtures/messages.js';
import { rawRequest } from '../../fixtures/raw-client.js';
import { type Answer, answers } from '../../fixtures/raw-upstream.js';
import { type Scene, startConfigured, startScene } from '../../fixtures/scene.js';
import { startV2Upstream, type V2Upstream } from '../../fixtures/upstream-v2.js';

describe('13: words that clients take as another status', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await startScene({
      upstream: { headersTimeoutMs: 300 },
      more: [{ path: '/gone/mcp', upstream: 'http://127.0.0.1:1/mcp' }],
    });
  });
  afterAll(() => scene.stop());

  const CHALLENGE: [string, string][] = [['WWW-Authenticate', 'Bearer resource_metadata="http://internal.example"']];
  /** mcp-remote, n8n and Gemini CLI look for these words in the text of an error. */
  const WORDS = /401|403|404|405|Unauthorized|Not Found|Method Not Allowed/i;
  test.each<[string, number, Answer]>([
    ['401', 502, answers.status(401, CHALLENGE, 'Unauthorized')],
    ['403', 502, answers.status(403, CHALLENGE, 'Forbidden')],
    ['a redirect', 502, answers.status(307, [['Location', 'http://internal.example/404']])],
    ['HTML of a 404 page with status 200', 502, answers.status(200, [['Content-Type', 'text/html']], '404 Not Found')],
    ['no byte', 502, answers.hangUp()],
    ['silence', 504, answers.stall()],
  ])('%s of the upstream gives %i without these words, and without its challenge', async (_name, status, answer) => {
    scene.upstream.answer(answers.rpc());
    await scene.passes();
    scene.upstream.answer(answer);
    const response = await scene.send(modern('tools/list', { token: scene.token() }));
    expect([response.status, response.headers('www-authenticate')]).toEqual([status, []]);
    const { error } = JSON.parse(response.body) as { error: { message: string; code: number } };
    expect(`${error.message} ${error.code}`).not.toMatch(WORDS);
  });

  test.each([404, 500])('%i of the upstream stays the same, without a challenge', async (status) => {
    scene.upstream.answer(answers.json({ jsonrpc: '2.0', id: 1, error: { code: -32001, message: 'gone' } }, status, CHALLENGE));
    const response = await scene.send(modern('tools/list', { token: scene.token() }));
    expect([response.status, response.headers('www-authenticate')]).toEqual([status, []]);
    expect(response.body).toContain('gone');
  });

  test('an upstream that is down gives 502 without these words', async () => {
    const token = scene.token({ audience: `${scene.gateway.url}/gone/mcp` });
    const response = await scene.send(modern('tools/list', { path: '/gone/mcp', token }));
    expect(response.status).toBe(502);
    const { error } = JSON.parse(response.body) as { error: { message: string; code: number } };
    expect(`${error.message} ${error.code}`).not.toMatch(WORDS);
  });
});

describe('19: a replica is killed in the middle of a conversation', () => {
  let issuer: JwksIssuer;
  let upstream: V2Upstream;
  let replicas: Gateway[];
  beforeAll(async () => {
    [issuer, upstream] = await Promise.all([startJwksIssuer(), startV2Upstream()]);
    const config = {
      publicUrl: 'https://mcp.example.com',
      issuers: { main: { issuer: issuer.issuer } },
      endpoints: [{ path: '/mcp', issuers: ['main'], upstream: upstream.url }],
    };
    replicas = await Promise.all([startConfigured(config), startConfigured(config)]);
  });
  afterAll(async () => {
    await Promise.all(replicas.map((replica) => replica.stop()));
    await Promise.all([issuer.stop(), upstream.stop()]);
  });

  test('the next POST works on the other replica, without initialize, in both eras', async () => {
    const token = issuer.token({ audience: 'https://mcp.example.com/mcp' });
    const [first, second] = replicas as [Gateway, Gateway];
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '0' } };
    const begun = await rawRequest(first.port, legacy('initialize', { token, params }));
    expect([begun.status, begun.header('mcp-session-id')]).toEqual([200, undefined]);
    const echo = (text: string) => ({ token, params: { name: 'echo', arguments: { text } } });
    const ways = [legacy, modern];
    for (const way of ways) {
      const response = await rawRequest(first.port, way('tools/call', echo('before')));
      expect([response.status, response.body]).toEqual([200, expect.stringContaining('before')]);
    }
    await first.stop('SIGKILL');
    await expect(rawRequest(first.port, modern('tools/call', echo('nobody')))).rejects.toThrow();
    for (const way of ways) {
      const response = await rawRequest(second.port, way('tools/call', echo('after')));
      expect([response.status, response.body]).toEqual([200, expect.stringContaining('after')]);
    }
  });
});
