// Checks the fields of protected resource metadata (RFC 9728).
import { isProtectedUrl } from '../../core/loopback.js';
import { type Check, fail, type Observation, ok, otherOrigin, skipped, warn } from './check.js';
import type { JsonObject } from './document.js';
import type { Inspection } from './inspection.js';

async function withMetadata(
  inspection: Inspection,
  evaluate: (json: JsonObject) => Observation,
): Promise<Observation> {
  const json = await inspection.metadata();
  return json === null ? skipped('there is no metadata') : evaluate(json);
}

const isString = (value: unknown): value is string => typeof value === 'string';

const KEY_IN_A_HEADER =
  'the metadata names no authorization server: OAuth clients cannot log in, and a client needs a ' +
  'key in a header';
const KEYS_ALONE =
  'nothing, if every client sends a key in a header that its user configures. The doctor cannot ' +
  'see from outside which headers the server reads: give it one, such as `X-Api-Key: ...`, in ' +
  'PORTCULLIS_TOKEN. Otherwise list at least one issuer';
const SET_RESOURCE = 'set resource to the public URL of this endpoint, with its path';

function compareResource(resource: string, typed: string): Observation {
  if (resource === typed) return ok(`resource is ${resource}`);
  if (resource.replace(/\/$/, '') === typed.replace(/\/$/, ''))
    return fail(
      `resource is ${resource}: only the trailing slash differs from ${typed}`,
      'use the same form in both places: with a trailing slash, or better without',
    );
  if (URL.canParse(resource) && new URL(resource).href === new URL(typed).href)
    return warn(`resource is ${resource}: the same URL in another spelling`);
  const observed = `resource is ${resource}, but the URL is ${typed}`;
  const hasOtherOrigin =
    URL.canParse(resource) && new URL(resource).origin !== new URL(typed).origin;
  return hasOtherOrigin ? fail(observed, otherOrigin(SET_RESOURCE)) : fail(observed);
}

export const metadataFieldChecks: readonly Check[] = [
  {
    name: 'resource',
    expected: 'resource is the URL, character by character',
    fix:
      `${SET_RESOURCE}: VS Code and Gemini CLI compare the whole value, ` +
      'and every client requests its token for it',
    requirement: 'A-04, A-08',
    probe: (inspection) =>
      withMetadata(inspection, ({ resource }) =>
        isString(resource)
          ? compareResource(resource, inspection.target.url)
          : fail('resource is missing or is not a string'),
      ),
  },
  {
    name: 'authorization_servers',
    expected: 'a list of issuers with https URLs',
    fix:
      'list at least one issuer, exactly as its own metadata writes it, the best one first: most ' +
      'clients use only the first',
    requirement: 'A-01, A-12',
    probe: (inspection) =>
      withMetadata(inspection, ({ authorization_servers: servers }) => {
        if (servers === undefined) return warn(KEY_IN_A_HEADER, KEYS_ALONE);
        if (!Array.isArray(servers) || servers.length === 0)
          return fail('the metadata names no authorization server');
        return servers.every(isProtectedUrl)
          ? ok(servers.join(', '))
          : fail(`an issuer is not https: ${servers.map(String).join(', ')}`);
      }),
  },
  {
    name: 'metadata fields',
    expected: 'scopes_supported without offline_access, bearer_methods_supported, nothing empty',
    fix: 'name the scopes, remove empty fields, and set bearer_methods_supported to ["header"]',
    requirement: 'A-09, A-10, A-11',
    probe: (inspection) =>
      withMetadata(inspection, (json) => {
        const { scopes_supported: scopes, bearer_methods_supported: methods } = json;
        if (scopes === undefined) return warn('scopes_supported is missing');
        if (!Array.isArray(scopes) || !scopes.every(isString))
          return fail('scopes_supported is not a list of strings');
        if (scopes.length === 0) return warn('scopes_supported is empty');
        if (scopes.includes('offline_access'))
          return warn(
            'scopes_supported includes offline_access',
            'nothing, if clients look for it here: without it they get no refresh token. MCP ' +
              'recommends to list it at the authorization server only',
          );
        return Array.isArray(methods) && methods.includes('header')
          ? ok(`scopes_supported is ${scopes.join(' ')}`)
          : warn('bearer_methods_supported does not include header');
      }),
  },
];
