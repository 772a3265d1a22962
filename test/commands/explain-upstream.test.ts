// `explain` shows what the upstream would get: the credential and the headers of the gateway, as
// names, lengths and fingerprints. The scene checks that no output has a value.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fingerprint, type Raw, startUpstreamScene, type UpstreamScene } from './explain-upstream-scene.js';

let scene: UpstreamScene;
beforeAll(async () => {
  scene = await startUpstreamScene();
});
afterAll(() => scene.stop());

const env = (name: string): string => `\${env:${name}}`;
const KEYS = { apiKeys: [{ header: 'X-Api-Key' }] };
const shown = (name: string): Raw => {
  const value = scene.env[name] ?? '';
  return { characters: value.length, fingerprint: fingerprint(value) };
};

describe('the credential', () => {
  test('none: the gateway adds nothing', async () => {
    const { code, step } = await scene.explain(scene.raw({}), scene.token());
    expect([code, step.state, step.observed, step.expected]).toEqual([0, 'pass', { credential: 'none' }, { credential: 'none' }]);
  });

  test('static: the header, its length and its fingerprint', async () => {
    const credential = { kind: 'static', authorization: env('STATIC') };
    const { code, step, text } = await scene.explain(scene.raw({ credential }), scene.token());
    expect([code, step.expected]).toEqual([0, { credential: 'static' }]);
    expect(step.observed).toEqual({
      credential: 'static',
      'header Authorization': { scheme: 'Bearer', ...shown('STATIC') },
    });
    expect(text).toContain(`header Authorization {"scheme":"Bearer","characters":50,"fingerprint":"`);
  });

  test('static in a header of its own', async () => {
    const credential = { kind: 'static', header: 'X-Upstream-Key', value: env('HEADER') };
    const { step } = await scene.explain(scene.raw({ credential }), scene.token());
    expect(step.observed).toEqual({ credential: 'static', 'header X-Upstream-Key': shown('HEADER') });
  });

  test.each([
    ['is short', 'SHORT', 'Bearer'],
    ['is a password in Basic', 'PASSWORD', 'Basic'],
  ])('no fingerprint of a secret that %s: it could be guessed', async (_title, name, scheme) => {
    const credential = { kind: 'static', authorization: env(name) };
    const { step } = await scene.explain(scene.raw({ credential }), scene.token());
    expect(step.observed['header Authorization']).toEqual({ scheme, characters: scene.env[name]?.length });
  });

  test('identity: the names of the claims, the audience and the end', async () => {
    const credential = { kind: 'identity', audience: 'files-backend' };
    const { step } = await scene.explain(scene.raw({ credential }), scene.token({ sub: 'alice-of-the-test' }));
    expect(step.expected).toEqual({ credential: 'identity', iss: 'https://mcp.example.com', audience: 'files-backend' });
    expect(step.observed).toMatchObject({
      credential: 'identity',
      'header Authorization': { scheme: 'Bearer', fingerprint: expect.stringMatching(/^[0-9a-f]{8}$/) },
      aud: 'files-backend',
      exp: expect.stringMatching(/^20..-/),
      lifeSeconds: 60,
    });
    expect(step.observed.claims).toEqual(expect.arrayContaining(['iss', 'aud', 'sub', 'sub_id', 'iat', 'exp']));
    expect(JSON.stringify(step)).not.toContain('alice-of-the-test');
  });

  test('forward: the token of the caller, by its length', async () => {
    const token = scene.token();
    const { step } = await scene.explain(scene.raw({ credential: { kind: 'forward' } }), token);
    const value = `Bearer ${token}`;
    const header = { scheme: 'Bearer', characters: value.length, fingerprint: fingerprint(value) };
    expect(step.observed).toEqual({ credential: 'forward', 'header Authorization': header });
  });
});

describe('API keys', () => {
  const credential = { kind: 'static', authorization: env('STATIC') };

  test('with upstreamAuthorization: that, and not the credential of the endpoint', async () => {
    const { step } = await scene.explain(scene.raw({ credential }, KEYS), scene.keyOfSwap);
    expect(step.observed).toEqual({
      credential: 'upstreamAuthorization of the key swap',
      'header Authorization': { scheme: 'Token', ...shown('SWAP') },
    });
  });

  test('without one: the credential of the endpoint', async () => {
    const { step } = await scene.explain(scene.raw({ credential }, KEYS), scene.key);
    expect(step.observed).toMatchObject({ credential: 'static', 'header Authorization': shown('STATIC') });
  });
});

describe('the headers', () => {
  const headers = {
    'X-Tenant-Id': '{tenant}',
    'X-User': '{subject?}',
    'X-Team': 'team {claim.team?}',
    'X-Secret': env('HEADER'),
  };

  test('templates by their length, constants with a fingerprint, absent ones as absent', async () => {
    const token = scene.token({ org_id: 'tenant-of-the-test-with-a-long-name-0123456789', sub: 'bob' });
    const { step } = await scene.explain(scene.raw({ headers }), token);
    expect(step.observed).toEqual({
      credential: 'none',
      'header X-Tenant-Id': { characters: 46 },
      'header X-User': { characters: 3 },
      'header X-Team': 'absent',
      'header X-Secret': shown('HEADER'),
    });
    expect(step.expected).toEqual({
      credential: 'none',
      'header X-Tenant-Id': '{tenant}',
      'header X-User': '{subject?}',
      'header X-Team': 'team {claim.team?}',
      'header X-Secret': 'a constant or a secret',
    });
    expect(JSON.stringify(step)).not.toContain('tenant-of-the-test');
  });

  test('an absent fact: claim.missing, with the header that needs it, and the optional form', async () => {
    const { code, reason, status, step, fix, text } = await scene.explain(scene.raw({ headers }), scene.token());
    expect([code, reason, status, step.state, step.reason]).toEqual([1, 'claim.missing', 403, 'fail', 'claim.missing']);
    expect(step.detail).toBe('tenant is absent; upstream.headers needs it');
    expect(fix?.words).toMatch(
      /^X-Tenant-Id needs a fact that this caller does not have: .*claims\.tenant.* Or make it optional$/,
    );
    expect(fix?.write).toEqual([
      'endpoints:',
      '  - path: /mcp',
      '    upstream:',
      '      headers:',
      '        X-Tenant-Id: "{tenant?}"',
    ]);
    expect(fix?.place).toMatch(/near line \d+$/);
    expect(fix?.warning).toContain('It must not treat such a caller as another');
    expect(text).toContain('The gateway would reject the request: claim.missing, HTTP 403, log event authorize.claim.');
  });

  test('with the proposed change the call passes', async () => {
    const changed = { headers: { ...headers, 'X-Tenant-Id': '{tenant?}' } };
    const { code, step } = await scene.explain(scene.raw(changed), scene.token());
    expect([code, step.observed['header X-Tenant-Id']]).toEqual([0, 'absent']);
  });

  test.each<[string, Raw, Raw, RegExp]>([
    ['a claim in the spelling of the file', { 'x-team': '{claim.https://acme.com/team}' }, {}, /^x-team needs .*the claim https:\/\/acme\.com\/team as a text/],
    ['a list, which optional does not help', { 'X-Team': '{claim.team?}' }, { team: ['a', 'b'] }, /^the value for X-Team cannot be written into a header: let the issuer write the claim team as a text$/],
    ['an object', { 'X-Roles': '{claim.roles}' }, { roles: { a: 1 } }, /write the claim roles as a text\. A claim inside it cannot be read$/],
    ['a claim inside another', { 'X-Role': '{claim.realm_access.roles}' }, { realm_access: { roles: 'a' } }, /^X-Role needs .*: a claim inside another cannot be read: let the issuer write realm_access\.roles as a claim of its own/],
    ['a subject with two spaces', { 'X-User': '{subject}' }, { sub: 'a  b' }, /visible ASCII, without spaces around it or two in a row\. Or use kind: identity, whose JWT has the subject as it is$/],
    ['two lines', { 'X-Team': '{claim.team}' }, { team: 'a\r\nX-Admin: 1' }, /^the value for X-Team cannot be written[^.]* in a row$/],
  ])('%s', async (_title, templates, claims, words) => {
    const { reason, fix } = await scene.explain(scene.raw({ headers: templates }), scene.token(claims));
    expect([reason, fix?.words]).toEqual(['claim.missing', expect.stringMatching(words)]);
    expect(fix?.write === undefined).toBe(!words.source.includes('needs'));
  }); // biome-ignore format: one row each

  test('an API key without a tenant: its entry', async () => {
    const { fix, reason } = await scene.explain(scene.raw({ headers: { 'X-Tenant-Id': '{tenant}' } }, KEYS), scene.key);
    expect([reason, fix?.words]).toEqual([
      'claim.missing',
      expect.stringContaining('write tenant in the entry of the key plain'),
    ]);
  });

  test('act that the gateway cannot repeat', async () => {
    const credential = { kind: 'identity', audience: 'files-backend' };
    const { reason, fix } = await scene.explain(scene.raw({ credential }), scene.token({ act: 'the-agent' }));
    expect([reason, fix?.words]).toEqual(['claim.missing', expect.stringMatching(/RFC 8693 section 4\.1/)]);
  });
});

describe('a rejected token', () => {
  test('does not reach the step: the facts of the token alone decide', async () => {
    const token = scene.token({ aud: 'https://elsewhere.example' });
    const credential = { kind: 'static', authorization: env('STATIC') };
    const missing = await scene.explain(scene.raw({ headers: { 'X-Tenant-Id': '{tenant}' }, credential }), token);
    expect(missing.step).toMatchObject({ state: 'not reached', unverified: 'fail', reason: 'claim.missing', observed: {} });
    const passing = await scene.explain(scene.raw({ credential }), token);
    expect(passing.step).toMatchObject({ state: 'not reached', unverified: 'pass', observed: {} });
    const signed = await scene.explain(scene.raw({ credential: { kind: 'identity', audience: 'a' } }), token);
    expect(signed.step).toMatchObject({ state: 'not reached', unverified: 'unknown', observed: {} });
  });

  test('an API key with forward: exchange.refused, and upstreamAuthorization as the fix', async () => {
    const { apiKeys, ...raw } = scene.raw({ credential: { kind: 'forward' } }, KEYS) as { apiKeys: Raw } & Raw;
    const inFile = { ...raw, apiKeys: { swap: apiKeys.swap }, apiKeysFile: scene.keysFile };
    const { reason, status, fix } = await scene.explain(inFile, scene.key);
    expect([reason, status]).toEqual(['exchange.refused', 403]);
    expect(fix).toEqual({
      words: expect.stringMatching(/Write upstreamAuthorization in the line of plain in keys\.jsonl, and reload the gateway$/),
    });
  });
});

test('beside pass-through: headers for tokens, and no explanation of the other', async () => {
  const endpoint = { passThrough: [{ scheme: 'Token', upstreamVerifies: true }] };
  const raw = scene.raw({ headers: { 'X-User': '{subject}' } }, endpoint);
  const { step } = await scene.explain(raw, scene.token({ sub: 'carol' }));
  expect(step.observed).toEqual({ credential: 'none', 'header X-User': { characters: 5 } });
});
