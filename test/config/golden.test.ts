// Configuration in, resolved configuration or whole error message out. UPDATE_GOLDEN=1 writes the
// golden files instead of comparing with them.
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseYaml } from '../../src/config/load.js';
import { ConfigError } from '../../src/config/problems.js';
import { apiKeySchema } from '../../src/config/schema/api-key.js';
import { apiKeyCarrierSchema } from '../../src/config/schema/api-key-carrier.js';
import { bridgeSchema } from '../../src/config/schema/bridge.js';
import { endpointSchema } from '../../src/config/schema/endpoint.js';
import { facadeSchema } from '../../src/config/schema/facade.js';
import { identitySchema } from '../../src/config/schema/identity.js';
import {
  claimsSchema,
  introspectionSchema,
  issuerSchema,
  jwksSchema,
  metadataMirrorSchema,
} from '../../src/config/schema/issuer.js';
import { passThroughSchema } from '../../src/config/schema/pass-through.js';
import {
  methodsSchema,
  promptRuleSchema,
  promptsSchema,
  resourceRuleSchema,
  resourcesSchema,
  toolRuleSchema,
  toolsSchema,
} from '../../src/config/schema/policy.js';
import { rootSchema } from '../../src/config/schema/root.js';
import { auditSchema, metricsSchema, tracesSchema } from '../../src/config/schema/telemetry.js';
import {
  clientCredentialsSchema,
  exchangeSchema,
  forwardSchema,
  identityCredentialSchema,
  idJagSchema,
  noCredentialSchema,
  staticSchema,
} from '../../src/config/schema/upstream-credential.js';

const folder = fileURLToPath(new URL('./golden', import.meta.url));
const update = process.env.UPDATE_GOLDEN === '1';

const pem = { type: 'pkcs8', format: 'pem' } as const;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ec = (namedCurve: string): string => String(generateKeyPairSync('ec', { namedCurve }).privateKey.export(pem));
/** Fixed keys, so that a golden file that shows one is found. */
const sessionKey = (first: string): string => Buffer.from(`s3cret key ${first} 0123456789abcdefghi`).toString('base64');
/** An Ed25519 key of PKCS 8 (RFC 8410 section 7) with a text as its 32 bytes. */
const der = Buffer.concat([
  Buffer.from('302e020100300506032b657004220420', 'hex'),
  Buffer.from('s3cret key of a bridge 012345678'),
]);
const ed25519 = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
const { d: _private, ...publicJwk } = ed25519.export({ format: 'jwk' });
const ENVIRONMENT = {
  INTROSPECTION_SECRET: 's3cret from a variable',
  INTROSPECTION_TOKEN: 's3cret-token',
  INTROSPECTION_KEY: String(rsa.export(pem)),
  INTROSPECTION_EC_KEY: ec('P-256'),
  INTROSPECTION_P256_KEY: ec('P-256'),
  FACADE_KEY: ec('P-256'),
  IDENTITY_KEY: String(generateKeyPairSync('ed25519').privateKey.export(pem)),
  SHORT_KEY: String(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export(pem)),
  OTHER_CURVE: ec('P-384'),
  LOCKED_KEY: String(rsa.export({ ...pem, cipher: 'aes-256-cbc', passphrase: 'x' })),
  SESSION_KEY: sessionKey('a'),
  SESSION_KEYS: `${sessionKey('b')}, ${sessionKey('c')}\n${sessionKey('d').replace('=', '')}`,
  SESSION_KEY_AGAIN: sessionKey('a').replace('=', ''),
  SESSION_KEY_SHORT: sessionKey('a').slice(4),
  SESSION_KEY_LONG: `${sessionKey('a').slice(0, -1)}AAAA=`,
  SESSION_KEY_HEX: 'a1b2c3d4'.repeat(8),
  SESSION_KEY_PLACEHOLDER: `${'A'.repeat(43)}=`,
  SESSION_KEY_AND_MORE: `${sessionKey('a')} s3cret`,
  NO_SESSION_KEY: ' , ',
  UPSTREAM_TOKEN: 'Token s3cret',
  STORE_URL: 'rediss://gateway:s3cret@redis.example.com:6380/2',
  TWO_LINES: 'Bearer s3cret\ns3cret',
  NOT_ASCII: 'Bearer s3crét',
  SPACE_AT_END: 'Bearer s3cret ',
  TOO_LONG: `Bearer s3cret${'a'.repeat(8192)}`,
  BRIDGE_KEY: String(ed25519.export(pem)),
  BRIDGE_JWK: JSON.stringify({ ...ed25519.export({ format: 'jwk' }), kid: 'a', use: 'sig' }),
  BRIDGE_PUBLIC_JWK: JSON.stringify(publicJwk),
  BRIDGE_KEY_SET: JSON.stringify({ keys: [ed25519.export({ format: 'jwk' })] }),
  BRIDGE_TWO: `${ed25519.export(pem)}${ec('P-256')}`,
  BRIDGE_ONE_LINE: String(ed25519.export(pem)).replaceAll('\n', '\\n'),
  BRIDGE_PUBLIC: String(createPublicKey(ed25519).export({ type: 'spki', format: 'pem' })),
  EMPTY: '',
};

const plain = (_name: string, value: unknown): unknown => (value instanceof Map ? Object.fromEntries(value) : value);

/** GOLDEN in a file is this folder, so that golden files hold no path of a machine. */
function outcome(yaml: string): { ending: 'json' | 'txt'; text: string } {
  try {
    const config = parseYaml(yaml.replaceAll('GOLDEN', folder), ENVIRONMENT);
    return { ending: 'json', text: `${JSON.stringify(config, plain, 2).replaceAll(folder, 'GOLDEN')}\n` };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { ending: 'txt', text: `${error.message.replaceAll(folder, 'GOLDEN')}\n` };
  }
}

const names = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => name.slice(0, -'.yaml'.length));

test('some configurations are good and some are bad', () => {
  const endings = names.map((name) => (existsSync(`${folder}/${name}.json`) ? 'json' : 'txt'));
  expect(endings.filter((ending) => ending === 'json').length).toBeGreaterThan(1);
  expect(endings.filter((ending) => ending === 'txt').length).toBeGreaterThan(20);
});

test('the example of the README has at most ten lines', () => {
  expect(readFileSync(`${folder}/readme.yaml`, 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(10);
});

test('full.yaml has every field of the schema', () => {
  const policy = [
    toolsSchema,
    toolRuleSchema,
    promptsSchema,
    promptRuleSchema,
    resourcesSchema,
    resourceRuleSchema,
    methodsSchema,
  ];
  const schemas = [
    rootSchema,
    issuerSchema,
    claimsSchema,
    introspectionSchema,
    jwksSchema,
    metadataMirrorSchema,
    endpointSchema,
    passThroughSchema,
    apiKeySchema,
    apiKeyCarrierSchema,
    bridgeSchema,
    identitySchema,
    auditSchema,
    tracesSchema,
    metricsSchema,
    noCredentialSchema,
    staticSchema,
    identityCredentialSchema,
    exchangeSchema,
    idJagSchema,
    clientCredentialsSchema,
    forwardSchema,
    facadeSchema,
    ...policy,
  ];
  // audit has one destination at a time.
  const text = ['full', 'audit-stdout']
    .map((name) => readFileSync(`${folder}/${name}.yaml`, 'utf8').replace(/#.*/g, ''))
    .join('\n');
  const fields = schemas.flatMap((schema) => Object.keys(schema.shape));
  expect(fields.length).toBeGreaterThan(30);
  expect(fields.filter((field) => !new RegExp(`(^|[ {])${field}:`, 'm').test(text))).toEqual([]);
});

test.each(names)('%s', (name) => {
  const { ending, text } = outcome(readFileSync(`${folder}/${name}.yaml`, 'utf8'));
  const file = `${folder}/${name}.${ending}`;
  if (update) {
    writeFileSync(file, text);
    rmSync(`${folder}/${name}.${ending === 'json' ? 'txt' : 'json'}`, { force: true });
  }
  expect(existsSync(file), `${name}.${ending} is missing; the result was:\n${text}`).toBe(true);
  expect(text).toBe(readFileSync(file, 'utf8'));
});

test.each(names)('%s shows no secret (C-153, F-03)', (name) => {
  expect(outcome(readFileSync(`${folder}/${name}.yaml`, 'utf8')).text).not.toMatch(/s3cret|czNjcmV0|PRIVATE KEY/);
});

test('each golden file has its configuration', () => {
  const sources = readdirSync(folder).filter((file) => file.endsWith('.json') || file.endsWith('.txt'));
  const orphans = sources.filter((file) => file !== 'secret.txt' && !names.includes(file.replace(/\.(json|txt)$/, '')));
  expect(orphans).toEqual([]);
});
