// `explain` gives words where no change of the configuration is the fix. It proposes an unknown
// issuer only with a warning, and variables where there is no file.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Mint } from '../fixtures/mint.js';
import { type FixScene, now, type Raw, startFixScene } from './explain-fix-scene.js';
import { claims } from './explain-scene.js';
import { run } from './in-process.js';

let setting: FixScene;
beforeAll(async () => {
  setting = await startFixScene();
});
afterAll(() => setting.stop());

const rawWith: FixScene['rawWith'] = (...args) => setting.rawWith(...args);
const introspection = (): Raw => setting.introspection();
const explain: FixScene['explain'] = (...args) => setting.explain(...args);
const minted = (mint: Partial<Mint>) => () => setting.scene.token(mint);

test.each<[string, () => Raw, () => string, RegExp]>([
  ['no audience in a JWT', rawWith, minted(claims({ aud: undefined })), /no setting accepts a token without an audience/],
  ['an ID token', rawWith, minted(claims({ at_hash: 'x' })), /let the client send the access token/],
  ['a symmetric algorithm', rawWith, minted({ header: { alg: 'HS256' } }), /no setting accepts this algorithm/],
  ['an old token', rawWith, minted(claims({ exp: 1_700_000_000 })), /get a new token/],
  ['a clock that is hours ahead', rawWith, () => setting.scene.token(claims({ nbf: now() + 9_000 })), /s ahead: set both clocks/],
  ['an unknown key', rawWith, minted({ header: { kid: 'unknown' } }), /Compare kid .* write issuers.main.jwksUri/],
  ['a scope that is nowhere', () => rawWith({}, { scopes: ['read'] }), minted(claims({ scope: 'write' })), /ask for read/],
  [
    'a client as audience, which could be an ID token',
    rawWith,
    minted({ ...claims({ aud: 'c', client_id: 'c', scope: undefined }), header: { typ: 'JWT' } }),
    /better fix/,
  ],
  [
    'no audience, where the start would reject the change',
    () => rawWith({ introspection: introspection() }),
    () => 'without-aud',
    /names no audience/,
  ],
])('%s: words, and no change', async (_title, rawOf, tokenOf, words) => {
  setting.scene.issuer.introspect = () => ({ active: true, sub: 'alice', client_id: 'my-client' });
  const { code, fix, text } = await explain(rawOf(), tokenOf());
  expect(code).toBe(1);
  expect(fix).toEqual({ words: expect.stringMatching(words) });
  expect(text).toContain('\nFix: ');
});

test('an issuer that is not configured: a warning, and no request to it', async () => {
  const raw = rawWith({ issuer: 'https://auth.example.com' });
  const hits = { ...setting.scene.issuer.hits };
  const { fix } = await explain(raw, setting.scene.token(claims({ iss: 'https://new.example.com/acme' })));
  expect(fix).toMatchObject({
    write: [
      'issuers:',
      '  second:',
      '    issuer: https://new.example.com/acme',
      'endpoints:',
      '  - path: /mcp',
      '    issuers: [main, second]',
    ],
    warning: expect.stringContaining('an issuer decides who may call'),
  });
  expect({ ...setting.scene.issuer.hits }).toEqual(hits);
  for (const iss of ['urn:x', 'https://a:b@new.example.com', `https://new.example.com/${'a'.repeat(400)}`, 'https://x/\n  y: z'])
    expect((await explain(raw, setting.scene.token(claims({ iss })))).fix?.write).toBeUndefined();
});

test.each<[string, string, string[]]>([
  ['https://auth.example.com/', 'the slash at the end', ['    issuer: https://auth.example.com/']],
  ['https://Auth.example.com', 'capital letters of the host', ['    issuer: https://Auth.example.com']],
  ['https://auth.example.com:443', 'the port (:443)', ['    issuer: https://auth.example.com:443']],
  ['https://auth.example.com/v2.0', '/v2.0 at the end', ['    issuer: https://auth.example.com/v2.0']],
  [
    'http://auth.example.com',
    'the scheme (http, https)',
    [
      '    issuer: http://auth.example.com',
      '    metadataUrl: https://auth.example.com/.well-known/openid-configuration',
      '    authorizationServers: [https://auth.example.com]',
    ],
  ],
])('iss %s, which differs only in %s', async (iss, part, lines) => {
  const { fix } = await explain(rawWith({ issuer: 'https://auth.example.com' }), setting.scene.token(claims({ iss })));
  expect(fix?.words).toBe(`iss differs from "https://auth.example.com" only in ${part}`);
  expect(fix?.write).toEqual(['issuers:', '  main:', ...lines]);
});

test('a configuration of variables gets variables', async () => {
  const env = {
    PORTCULLIS_UPSTREAM: 'http://127.0.0.1:9/mcp',
    PORTCULLIS_PUBLIC_URL: setting.scene.resource,
    PORTCULLIS_ISSUER: setting.scene.issuer.issuer,
  };
  const explained = async (token: string, more: Record<string, string> = {}) =>
    (await run(['explain', token], { env: { ...env, ...more } })).output;
  const slash = setting.scene.token(claims({ aud: `${setting.scene.resource}/` }));
  const output = await explained(slash);
  const value = `${setting.scene.resource} ${setting.scene.resource}/`;
  expect(output).toContain(`To accept such a token, set:\n\n    PORTCULLIS_AUDIENCE="${value}"\n`);
  expect(await explained(slash, { PORTCULLIS_AUDIENCE: value })).toContain('The gateway would accept the request.');
  const noSubject = await explained(setting.scene.token(claims({ sub: undefined, client_id: 'a' })));
  expect(noSubject).toContain('No variable can do it. In a file for --config, write:\n\n    issuers:\n      main:\n');
});

test.each(['$(id)', '`id`', 'a"; id; "', "it's", 'a b', 'a,b', 'a\\b', 'x\u009b31m', 'x\u202ey', '!!'])(
  'an audience that a shell or the variable would read in another way is not proposed: %j',
  async (aud) => {
    const env = {
      PORTCULLIS_UPSTREAM: 'http://127.0.0.1:9/mcp',
      PORTCULLIS_PUBLIC_URL: setting.scene.resource,
      PORTCULLIS_ISSUER: setting.scene.issuer.issuer,
    };
    const { output } = await run(['explain', setting.scene.token(claims({ aud }))], { env });
    expect(output).toContain('\nFix: ');
    expect(output).not.toContain('PORTCULLIS_AUDIENCE=');
    expect(output).not.toMatch(/[\u0080-\u{10ffff}]/u);
  },
);

test('a token in a claim is never shown, so the value that has it is not proposed', async () => {
  const other = setting.scene.token();
  const { fix, text } = await explain(rawWith(), setting.scene.token(claims({ aud: `https://x.example/${other}` })));
  expect(text).not.toContain(other);
  expect([fix?.words !== undefined, fix?.write]).toEqual([true, undefined]);
});
