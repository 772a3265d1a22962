// The schema and the fields at a path, and the places of a schema that pass a test.
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Path } from '../../src/config/problems.js';
import { rootSchema } from '../../src/config/schema/root.js';
import { isSecretReference, secretReference } from '../../src/config/schema/secret-reference.js';
import { alternatives, fieldsAt, memberSchema, placesOf } from '../../src/config/schema-tree.js';

const schemaAt = (path: Path): z.ZodType | null =>
  path.reduce<z.ZodType | null>((schema, part) => schema && memberSchema(schema, part), rootSchema);

test.each<[Path, boolean]>([
  [['sessionKeys', 0], true],
  [['sessionKeys'], false],
  [['issuers', 'acme', 'introspection', 'clientSecret'], true],
  [['issuers', 'acme', 'introspection', 'privateKey'], true],
  [['issuers', 'acme', 'introspection', 'clientId'], false],
  [['issuers', 'acme', 'audience', 0], false],
  [['nowhere'], false],
  [['constructor'], false],
  [['issuers', 'acme', 'introspection', 'clientSecret', 'deeper'], false],
  [['issuers', 0], false],
  [['endpoints', 'x'], false],
])('%j takes a secret: %s', (path, takesSecret) => {
  const schema = schemaAt(path);
  expect(schema !== null && alternatives(schema).some(isSecretReference)).toBe(takesSecret);
});

test.each<[Path, string[]]>([
  [['limits'], ['clientStallTimeoutSeconds', 'failedCredentials', 'onStoreDown', 'store']],
  [
    ['endpoints', 0, 'upstream'],
    ['url', 'connectTimeoutMs', 'headersTimeoutMs', 'maxConcurrentRequests', 'maxStreams', 'credential', 'headers'],
  ],
  [
    ['endpoints', 0, 'tools', 'rules', 3],
    ['tool', 'scopes', 'claim', 'has', 'deny'],
  ],
  [['endpoints', 0, 'path'], []],
  [['nowhere', 'else'], []],
])('the fields at %j', (path, fields) => {
  expect(fieldsAt(rootSchema, path).sort()).toEqual(fields.sort());
});

test('places name maps with free names, lists, and each schema of a union', () => {
  const credential = z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('static'), authorization: secretReference }),
    z.strictObject({ kind: z.literal('exchange'), clientSecret: secretReference.optional() }),
  ]);
  const schema = z.strictObject({
    keys: z.array(secretReference).min(1).default([]),
    apiKeys: z.record(z.string(), z.strictObject({ upstreamAuthorization: secretReference })),
    endpoints: z.array(z.strictObject({ credential, also: credential.optional() })),
    plain: z.string(),
  });
  expect(placesOf(schema, isSecretReference)).toEqual([
    'keys',
    'apiKeys.<name>.upstreamAuthorization',
    'endpoints[].credential.authorization',
    'endpoints[].credential.clientSecret',
    'endpoints[].also.authorization',
    'endpoints[].also.clientSecret',
  ]);
});
