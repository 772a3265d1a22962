// References to secrets are resolved wherever a schema allows them, and nowhere else.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { resolveSecrets } from '../../src/config/resolve-secrets.js';
import { secretReference } from '../../src/config/schema/secret-reference.js';
import { MISPLACED_HINT, misplacedReferences, SECRET_PLACES } from '../../src/config/secret-references.js';
import type { Secret } from '../../src/core/secret.js';

/** Shapes that no field of the configuration has so far. */
const schema = z.strictObject({
  credential: z.union([
    z.string().transform((url) => ({ kind: 'none', url })),
    z.strictObject({ kind: z.literal('static'), authorization: secretReference, url: z.string() }),
    z.strictObject({ kind: z.literal('exchange'), clientSecret: secretReference.optional() }),
  ]),
  apiKeys: z.record(z.string(), z.strictObject({ upstreamAuthorization: secretReference.optional() })).default({}),
  keys: z.array(secretReference.refine(() => true)).default([]),
});

const reference = (name: string): string => `\${env:${name}}`;

/** Each secret by its path. */
function secretsIn(value: unknown, path = ''): [string, string][] {
  if (typeof value !== 'object' || value === null) return [];
  if ('reveal' in value) return [[path, (value as Secret).reveal()]];
  return Object.entries(value).flatMap(([name, one]) => secretsIn(one, `${path}/${name}`));
}

test('in a union, in a map with free names and in a list', () => {
  const value = schema.parse({
    credential: { kind: 'static', authorization: reference('A'), url: reference('A') },
    apiKeys: { partner: { upstreamAuthorization: reference('B') }, other: {} },
    keys: [reference('A'), reference('B')],
  });
  const resolved = resolveSecrets(schema, value, { A: 'a', B: 'b' });
  expect(resolved.problems).toEqual([]);
  expect(secretsIn(resolved.value)).toEqual([
    ['/credential/authorization', 'a'],
    ['/apiKeys/partner/upstreamAuthorization', 'b'],
    ['/keys/0', 'a'],
    ['/keys/1', 'b'],
  ]);
  expect(resolved.value.credential).toMatchObject({ kind: 'static', url: reference('A') });
});

test('each reference that cannot be resolved is one problem', () => {
  const value = schema.parse({
    credential: { kind: 'exchange', clientSecret: reference('UNSET') },
    apiKeys: { partner: { upstreamAuthorization: '$' + '{file:/nowhere}' } },
  });
  const { value: resolved, problems } = resolveSecrets(schema, value, {});
  expect(problems).toEqual([
    {
      path: ['credential', 'clientSecret'],
      message: 'the variable UNSET is not set; set it',
    },
    {
      path: ['apiKeys', 'partner', 'upstreamAuthorization'],
      message: 'the file /nowhere cannot be read; correct the path or its permissions',
    },
  ]);
  expect(secretsIn(resolved)).toEqual([]);
});

test.each(['toString', 'constructor', '__proto__'])('%s is not a variable', (name) => {
  const value = schema.parse({ credential: 'x', keys: [reference(name)] });
  const { value: resolved, problems } = resolveSecrets(schema, value, {});
  expect(problems).toEqual([{ path: ['keys', 0], message: `the variable ${name} is not set; set it` }]);
  expect(secretsIn(resolved)).toEqual([]);
});

test('a reference in a field that takes none is misplaced', () => {
  const value = {
    credential: { kind: 'static', authorization: reference('A'), url: reference('A') },
    apiKeys: { partner: { upstreamAuthorization: reference('A') } },
    keys: reference('A'),
  };
  expect(misplacedReferences(schema, value)).toEqual([{ path: ['credential', 'url'], message: MISPLACED_HINT }]);
});

test('the message names the field of every place of the configuration that takes a reference', () => {
  expect(SECRET_PLACES).toEqual([
    'sessionKeys',
    'limits.store',
    'audit.headers.<name>',
    'traces.headers.<name>',
    'metrics.headers.<name>',
    'apiKeys.<name>.upstreamAuthorization',
    'bridge.keys',
    'identity.keys',
    'issuers.<name>.introspection.clientSecret',
    'issuers.<name>.introspection.privateKey',
    'issuers.<name>.facade.clientSecret',
    'issuers.<name>.facade.privateKey',
    'issuers.<name>.facade.keys',
    'endpoints[].upstream.credential.authorization',
    'endpoints[].upstream.credential.value',
    'endpoints[].upstream.credential.clientSecret',
    'endpoints[].upstream.credential.privateKey',
    'endpoints[].upstream.credential.idJag.clientSecret',
    'endpoints[].upstream.credential.idJag.privateKey',
    'endpoints[].upstream.headers.<name>',
  ]);
  const fieldOf = (place: string): string => place.replace('.<name>', '').split('.').at(-1) as string;
  expect(fieldOf('endpoints[].upstream.headers.<name>')).toBe('headers');
  expect(SECRET_PLACES.filter((place) => !new RegExp(`\\b${fieldOf(place)}\\b`).test(MISPLACED_HINT))).toEqual([]);
});
