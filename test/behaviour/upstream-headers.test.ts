// The headers that tell the upstream who calls, over real sockets: exactly one line of each, with
// the value of the gateway, whatever the caller sent.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Ask, type HeaderLine, legacy, modern } from '../fixtures/messages.js';
import type { RawRequest, RawResponse } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { logOf, type Scene, startScene } from '../fixtures/scene.js';

/** The upstream may see a variable with UPSTREAM in its name. */
const UPSTREAM_KEY = '${env:UPSTREAM_KEY}';
const KEY = 'upstream-key-0123456789';
const TEAM = 'https://acme.com/team';
const HEADERS = {
  'X-Tenant-Id': '{tenant}',
  'X-User': 'user {subject}',
  'X-Client': '{client?}',
  'X-Issuer': '{issuer}',
  'X-Scopes': '{scopes}',
  'X-Team': `{claim.${TEAM}?}`,
  'X-Fixed': 'constant text',
  'X-Upstream-Key': UPSTREAM_KEY,
};
const TOKEN = { scheme: 'Token', upstreamVerifies: true, scopes: ['files:read'] };
let scene: Scene;
beforeAll(async () => {
  scene = await startScene({
    env: { UPSTREAM_KEY: KEY },
    endpoint: { passThrough: [TOKEN], forwardHeaders: ['X-Region'] },
    upstream: { headers: HEADERS },
  });
});
afterAll(() => scene.stop());
beforeEach(() => {
  scene.upstream.reset();
  scene.upstream.answer(answers.rpc());
});

const token = (claims: Record<string, unknown> = {}): string => scene.token({ claims: { org_id: 'acme', ...claims } });
/** The lines whose name a server could take for this one. */
const linesOf = (name: string): [string, string][] => {
  const spelling = (one: string): string => one.toLowerCase().replace(/[^a-z0-9]/g, '_');
  return (scene.upstream.last?.rawHeaders ?? []).filter(([one]) => spelling(one) === spelling(name));
};
const valuesOf = (name: string): string[] => linesOf(name).map(([, value]) => value);
/** Every spelling of a name that some server takes for it. */
const spelled = (name: string): string[] => [
  name,
  name.toLowerCase(),
  name.toUpperCase(),
  name.replaceAll('-', '_'),
  name.replaceAll('-', '.'),
  name.replaceAll('-', '~'),
  name.replace('-', '_'),
  `HTTP_${name.replaceAll('-', '_').toUpperCase()}`,
];
const FORGED: HeaderLine[] = Object.keys(HEADERS).flatMap((name) =>
  spelled(name).map((one, i): HeaderLine => [one, `forged ${i}`]),
);
const expectOurs = (): void => {
  expect(valuesOf('X-Tenant-Id')).toEqual(['acme']);
  expect(valuesOf('X-User')).toEqual(['user alice']);
  expect(valuesOf('X-Client')).toEqual(['test-client']);
  expect(valuesOf('X-Issuer')).toEqual([scene.issuer.issuer]);
  expect(valuesOf('X-Scopes')).toEqual(['files:read']);
  expect(valuesOf('X-Fixed')).toEqual(['constant text']);
  expect(valuesOf('X-Upstream-Key')).toEqual([KEY]);
};

describe('A-43, C-135: the upstream gets one line of each header, with our value', () => {
  test.each<[string, (headers: Ask['headers']) => RawRequest]>([
    ['a modern call', (headers) => modern('tools/list', { token: token(), headers })],
    ['a legacy call', (headers) => legacy('tools/list', { token: token(), headers })],
    ['a GET stream', (headers) => legacy('', { method: 'GET', token: token(), headers })],
    ['a DELETE', (headers) => legacy('', { method: 'DELETE', token: token(), headers })],
  ])('%s, whatever spelling the caller sent too', async (_what, request) => {
    expect((await scene.send(request([]))).status).toBe(200);
    expectOurs();
    for (let i = 0; i < FORGED.length; i += 16) {
      expect((await scene.send(request(FORGED.slice(i, i + 16)))).status).toBe(200);
      expectOurs();
      expect(JSON.stringify(scene.upstream.last?.rawHeaders)).not.toContain('forged');
    }
  });

  test('an optional one that is absent is left out, also where the caller sent it', async () => {
    await scene.passes({
      token: token(),
      headers: [
        ['X-Team', 'forged'],
        ['x_team', 'forged'],
      ],
    });
    expect(linesOf('X-Team')).toEqual([]);
    await scene.passes({ token: token({ [TEAM]: 'red' }), headers: [['X-Team', 'forged']] });
    expect(valuesOf('X-Team')).toEqual(['red']);
  });

  test('the upstream tells two callers of one client apart', async () => {
    await scene.passes({ token: token({ sub: 'bob', org_id: 'other' }) });
    expect([valuesOf('X-User'), valuesOf('X-Tenant-Id')]).toEqual([['user bob'], ['other']]);
    await scene.passes({ token: token() });
    expectOurs();
  });

  test('neither the token of the caller nor another credential crosses (A-42)', async () => {
    await scene.passes({ token: token() });
    expect(linesOf('Authorization')).toEqual([]);
  });
});

describe('a pass-through caller at the same endpoint', () => {
  const call = (headers: HeaderLine[] = []): Promise<RawResponse> =>
    scene.send(modern('tools/list', { headers: [...headers, ['Authorization', 'Token abc']] }));

  test('gets no header of ours, and its forged ones do not cross either', async () => {
    expect((await call()).status).toBe(200);
    for (const name of Object.keys(HEADERS)) expect(linesOf(name)).toEqual([]);
    expect(valuesOf('Authorization')).toEqual(['Token abc']);
    for (let i = 0; i < FORGED.length; i += 16) {
      expect((await call(FORGED.slice(i, i + 16))).status).toBe(200);
      for (const name of Object.keys(HEADERS)) expect(linesOf(name)).toEqual([]);
      expect(JSON.stringify(scene.upstream.last?.rawHeaders)).not.toContain('forged');
    }
  });
});

describe('claim.missing: nothing reaches the upstream', () => {
  test.each<[string, Record<string, unknown>]>([
    ['no tenant', { org_id: undefined }],
    ['a tenant that is null', { org_id: null }],
    ['a tenant with a line end', { org_id: 'acme\r\nX-Role: admin' }],
    ['a tenant that is not ASCII', { org_id: 'ácme' }],
    ['a subject with a tab', { sub: 'a\tb' }],
    ['an optional claim that is a list', { [TEAM]: ['red'] }],
    ['an optional claim that is a number', { [TEAM]: 5 }],
    ['an optional claim that is empty', { [TEAM]: '' }],
    ['a claim of 9 KiB', { [TEAM]: 'x'.repeat(9 * 1024) }],
  ])('%s is 403', async (_what, claims) => {
    await scene.passes({ token: token() });
    const { hits } = scene.upstream;
    const response = await scene.send(modern('tools/list', { token: token(claims) }));
    expect([response.status, scene.upstream.hits]).toEqual([403, hits]);
    expect(await logOf(scene.gateway, response)).toMatchObject({ reason: 'claim.missing' });
  });
});
