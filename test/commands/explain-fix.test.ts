// `explain` shows the change of the configuration that makes a token pass. Each change is merged
// into the file, the file is loaded again, and then the token passes.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { withChange } from '../../src/config/written-config.js';
import type { Mint } from '../fixtures/mint.js';
import { alone, type FixScene, now, type Raw, startFixScene } from './explain-fix-scene.js';
import { claims } from './explain-scene.js';

let setting: FixScene;
beforeAll(async () => {
  setting = await startFixScene();
});
afterAll(() => setting.stop());

const rawWith: FixScene['rawWith'] = (...args) => setting.rawWith(...args);
const introspection = (): Raw => setting.introspection();
const explain: FixScene['explain'] = (...args) => setting.explain(...args);
const minted = (mint: Partial<Mint>) => () => setting.scene.token(mint);

type Case = [title: string, reason: string, raw: () => Raw, token: () => string, write: RegExp, warns: boolean];

const CASES: Case[] = [
  [
    'an audience with a slash',
    'audience.mismatch',
    rawWith,
    () => setting.scene.token(claims({ aud: `${setting.scene.resource}/` })),
    /^endpoints:\n {2}- path: \/mcp\n {4}audience: \[http\S+mcp, http\S+mcp\/\]$/,
    true,
  ],
  [
    'another audience beside those written',
    'audience.mismatch',
    () => rawWith({}, { audience: ['a'] }),
    minted(claims({ aud: 'https://b.example' })),
    /audience: \[a, https:\/\/b.example\]/,
    true,
  ],
  [
    'a client as audience',
    'audience.mismatch',
    rawWith,
    minted(claims({ aud: 'my-client', client_id: 'my-client' })),
    /audience: \[.*, my-client\]/,
    true,
  ],
  [
    'an algorithm',
    'token.algorithm',
    () => rawWith({ algorithms: ['ES384'] }),
    () => setting.scene.token(),
    /main:\n {4}algorithms: \[ES384, RS256\]/,
    false,
  ],
  [
    'typ',
    'token.type',
    () => rawWith({ preset: 'rfc9068' }),
    minted({ header: { typ: 'JWT' } }),
    /main:\n {4}typ: lenient/,
    true,
  ],
  [
    'a clock',
    'token.not_yet_valid',
    rawWith,
    () => setting.scene.token(claims({ nbf: now() + 90 })),
    /main:\n {4}clockToleranceSeconds: 120/,
    true,
  ],
  [
    'no subject',
    'token.claims',
    rawWith,
    minted(claims({ sub: undefined, client_id: 'a' })),
    /claims:\n {6}subject: \[sub, client_id\]/,
    true,
  ],
  [
    'scopes in another claim',
    'scope.insufficient',
    () => rawWith({}, { scopes: ['read'] }),
    minted(claims({ scope: undefined, permissions: ['read', 'x'] })),
    /scopes: \[scope, scp, permissions\]/,
    true,
  ],
  [
    'scopes with a prefix',
    'scope.insufficient',
    () => rawWith({}, { scopes: ['read'] }),
    minted(claims({ scope: 'api://files/read' })),
    /scopeImplies:\n {6}api:\/\/files\/read: \[read\]/,
    true,
  ],
  [
    'a broad scope',
    'scope.insufficient',
    () => rawWith({}, { scopes: ['files:read'] }),
    minted(claims({ scope: 'files:*' })),
    /"files:\*": \["?files:read"?\]/,
    true,
  ],
  [
    'an issuer of another endpoint',
    'token.issuer',
    () => rawWith({}, { issuers: ['else'] }, { else: { issuer: 'https://else.example.com' } }),
    () => setting.scene.token(),
    /issuers: \[else, main\]/,
    true,
  ],
  [
    'an issuer with a slash',
    'token.issuer',
    () => rawWith({ issuer: `${setting.scene.issuer.issuer}/`, jwksUri: setting.scene.issuer.jwksUri }),
    () => setting.scene.token(),
    /main:\n {4}issuer: http:\S+\d$/,
    true,
  ],
  [
    'an opaque token',
    'token.malformed',
    rawWith,
    () => 'opaque-token',
    /introspection:\n {6}clientId: portcullis\n {6}clientSecret: "\$\{env:INTROSPECTION_SECRET\}"/,
    false,
  ],
  [
    'an opaque token with another prefix',
    'token.malformed',
    () => rawWith({ introspection: introspection(), tokenPrefixes: ['a_'] }),
    () => 'ory_at_0123456789abcdefghij',
    /tokenPrefixes: \[a_, ory_at_\]/,
    false,
  ],
  [
    'no audience in a response',
    'audience.mismatch',
    () => alone(rawWith({ introspection: introspection() })),
    () => 'without-aud',
    /introspection:\n {6}audienceClients: \[my-client\]/,
    true,
  ],
  [
    'an unknown key',
    'token.key_unknown',
    () => rawWith({ introspection: introspection() }),
    minted({ header: { kid: 'unknown' } }),
    /main:\n {4}verify: jwt-then-introspection/,
    false,
  ],
];

test.each(CASES)('%s (%s): explain, apply, and the token passes', async (_title, reason, rawOf, tokenOf, write, warns) => {
  const answer = { active: true, sub: 'alice', scope: 'read' };
  const token = tokenOf();
  setting.scene.issuer.introspect = () =>
    token === 'without-aud' ? { ...answer, client_id: 'my-client' } : { ...answer, aud: setting.scene.resource };
  const raw = rawOf();
  const before = await explain(raw, token);
  expect([before.code, before.reason]).toEqual([1, reason]);
  const snippet = before.fix?.write?.join('\n') ?? '';
  expect(snippet).toMatch(write);
  expect(before.fix?.place).toMatch(/^To accept such a token, write in .*gateway\.yaml, near line \d+$/);
  expect(before.fix?.warning !== undefined).toBe(warns);
  expect(before.text).toContain(`:\n\n    ${before.fix?.write?.join('\n    ')}\n`);
  expect(before.text.includes('\nWarning: ')).toBe(warns);
  const after = withChange(raw, parse(snippet)) as Raw;
  expect(await explain(after, token)).toMatchObject({ code: 0, reason: 'ok' });
});
