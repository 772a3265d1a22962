// What of a bad value still counts, and what stands at a path of a schema.
import { expect, test } from 'vitest';
import { fieldsAt, partialParse, schemaAt } from '../../src/config/partial-parse.js';
import { endpointSchema, passThroughSchema } from '../../src/config/schema/endpoint.js';
import { secretReference } from '../../src/config/schema/fields.js';
import { issuerSchema } from '../../src/config/schema/issuer.js';

const LEGACY = { upstreamVerifies: true };

test.each([
  ['a good value, with its defaults', { ...LEGACY, scheme: 'Token' }, { ...LEGACY, scheme: 'Token', scopes: [] }],
  ['a bad field is absent', { ...LEGACY, scheme: 'Bearer' }, { ...LEGACY, scopes: [] }],
  ['a field that is not there', { scheme: 'Token' }, { scheme: 'Token', scopes: [] }],
  ['a field that nobody knows', { ...LEGACY, x: 1 }, { ...LEGACY, scopes: [] }],
  ['a bad entry of a list keeps its place', { ...LEGACY, scopes: ['a b', 'c'] }, { ...LEGACY, scopes: [undefined, 'c'] }],
  ['a list that is none', { ...LEGACY, scopes: 'a' }, LEGACY],
  ['a text', 'Token', undefined],
  ['nothing', null, undefined],
])('%s', (_what, value, sound) => expect(partialParse(passThroughSchema, value)).toEqual(sound));

test.each([
  [['introspection', 'clientSecret'], true],
  [['introspection', 'privateKey'], true],
  [['introspection', 'clientId'], false],
  [['audience', 0], false],
  [['nowhere'], false],
  [['constructor'], false],
  [['introspection', 'clientSecret', 'deeper'], false],
])('a secret stands at %j: %s', (path, is) => expect(schemaAt(issuerSchema, path) === secretReference).toBe(is));

test.each([
  [['limits'], ['maxBodyBytes']],
  [['upstream'], ['url', 'connectTimeoutMs', 'headersTimeoutMs', 'maxConcurrentRequests', 'maxStreams']],
  [
    ['tools', 'rules', 3],
    ['tool', 'scopes', 'claim', 'has', 'deny'],
  ],
  [['path'], []],
  [['nowhere', 'else'], []],
])('fields at %j', (path, fields) => expect(fieldsAt(endpointSchema, path)).toEqual(expect.arrayContaining(fields)));
