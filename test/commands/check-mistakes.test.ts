// `portcullis check` names each planted mistake of an identity provider with its fix. Each is on a
// real server, beside a configuration that is good without it.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ecKey } from '../fixtures/mint.js';
import { ownPort } from '../fixtures/ports.js';
import {
  type CheckScene,
  exchangeAt,
  expectNamed,
  findingOf,
  html,
  json,
  type Mistake,
  pkce,
  startCheckScene,
} from './check-scene.js';

let scene: CheckScene;
beforeAll(async () => {
  scene = await startCheckScene();
});
beforeEach(() => scene.reset());
afterAll(() => scene.stop());

test('a good configuration has no problem and no warning', async () => {
  const { code, output, errors } = await scene.check(await scene.config(), '--strict');
  expect(output).toMatch(/checks passed, 0 warnings, 0 problems$/);
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  for (const name of ['metadata', 'keys', 'introspection', 'clock', 'upstream', 'address'])
    expect(output).toContain(`: ${name}: `);
  expect(output).toContain('rejects a made-up credential (401)');
});

const mistakes: Mistake[] = [
  [
    'an issuer URL of another server',
    'metadata',
    () => scene.config({ issuer: scene.upstream.url }),
    /FAIL .*status 401 at http:\S+\/\.well-known\/oauth-authorization-server/,
    /fix: correct issuer: it is the text of iss in its tokens/,
  ],
  [
    'an issuer with a slash at the end',
    'metadata',
    () => scene.config({ issuer: `${scene.issuer.issuer}/` }),
    /FAIL .*names another issuer: http:\S+:\d+$/m,
    /fix: write issuer: http:\S+:\d+, as its metadata does \(it differs from "http:\S+\/" only in the slash at the end\)/,
  ],
  [
    'metadata that names another issuer',
    'metadata',
    () => {
      scene.issuer.metadata = { ...pkce, issuer: 'https://login.example.com' };
      return scene.config();
    },
    /FAIL .*names another issuer: https:\/\/login\.example\.com/,
    /fix: compare it with iss of a token. If that is https:\/\/login\.example\.com, write issuer: https:\/\/login\.example\.com/,
  ],
  [
    'keys that are not there',
    'keys',
    () => {
      scene.issuer.metadata = { ...pkce, jwks_uri: `${scene.issuer.issuer}/certs` };
      return scene.config();
    },
    /FAIL .*status 404 at http:\S+\/certs/,
    /fix: its metadata names this URL: correct it at the issuer, or write jwksUri/,
  ],
  [
    'a jwksUri of the operator that is not there',
    'keys',
    () => scene.config({ jwksUri: `${scene.issuer.issuer}/certs` }),
    /FAIL .*status 404 at http:\S+\/certs/,
    /fix: write jwksUri: http:\S+\/jwks, as its metadata does, or remove jwksUri/,
  ],
  [
    'an empty key set',
    'keys',
    async () => {
      await scene.issuer.setMode('empty', 'jwks');
      return scene.config();
    },
    /FAIL .*no usable key \(empty set\)/,
    /fix: create a signing key at the issuer/,
  ],
  [
    'keys of an algorithm that is not accepted',
    'keys',
    () => {
      scene.issuer.published = [ecKey().jwk];
      return scene.config();
    },
    /FAIL .*no usable key \(no accepted algorithm\)/,
    /fix: write algorithms: \[ES256\] if its tokens have such an alg/,
  ],
  [
    'a wrong client secret at the introspection endpoint',
    'introspection',
    () => {
      scene.idp.answer(json({ error: 'invalid_client' }, 401));
      return scene.config();
    },
    /FAIL .*rejects the credentials of the gateway \(status 401\)/,
    /fix: .*check auth, clientId and the secret or key of introspection/,
  ],
  [
    'an introspection URL that answers HTML',
    'introspection',
    () => {
      scene.idp.answer(html);
      return scene.config();
    },
    /FAIL .*the response has no boolean active \(an HTML page\)/,
    /fix: check introspection\.url/,
  ],
  [
    'an introspection endpoint that calls every token active',
    'introspection',
    () => {
      scene.idp.answer(json({ active: true, sub: 'u1', exp: 4_000_000_000 }));
      return scene.config();
    },
    /FAIL .*calls a made-up token active/,
    /fix: correct introspection\.url/,
  ],
  [
    'a wrong client secret at the token endpoint',
    'token endpoint',
    () => {
      scene.idp.answer(json({ error: 'invalid_client' }, 401));
      return scene.config({ introspection: undefined }, exchangeAt(scene));
    },
    /FAIL .*rejects the credentials of the gateway \(status 401 invalid_client\)/,
    /fix: .*check auth, clientId and the secret or key of upstream\.credential/,
  ],
  [
    'a client that may not exchange tokens',
    'token endpoint',
    () => {
      scene.idp.answer(json({ error: 'unauthorized_client' }, 400));
      return scene.config({ introspection: undefined }, exchangeAt(scene));
    },
    /FAIL .*rejects the exchange \(status 400 unauthorized_client\)/,
    /fix: allow this grant for the client of the gateway at the server/,
  ],
];

test.each(mistakes)('names %s', (...mistake) => expectNamed(scene, mistake));

test('a clock that is far ahead', async () => {
  scene.issuer.headers = { date: new Date(Date.now() + 95_000).toUTCString() };
  const run = await scene.check(await scene.config());
  expect(findingOf(run, 'clock')).toMatch(/warn .*9[45] s ahead of this machine, by its Date header; tolerated: 30 s/);
  expect(findingOf(run, 'clock')).toContain('fix: set both clocks by NTP');
});

test('an issuer without PKCE in its metadata', async () => {
  scene.issuer.metadata = {};
  const run = await scene.check(await scene.config(), '--strict');
  expect(findingOf(run, 'metadata')).toMatch(/warn .*no code_challenge_methods_supported/);
  expect(findingOf(run, 'metadata')).toContain(
    'fix: if the issuer supports PKCE with S256, write metadataMirror: { addS256: true }',
  );
  expect(run.code).toBe(1);
});

test('an issuer that is down', async () => {
  const run = await scene.check(await scene.config({ issuer: `http://127.0.0.1:${await ownPort()}` }));
  expect(findingOf(run, 'metadata')).toMatch(/FAIL .*ECONNREFUSED/);
  // A consequence is not a problem of its own.
  expect(findingOf(run, 'keys')).toMatch(/^no keys in/);
});
