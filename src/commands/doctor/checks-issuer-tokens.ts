// Checks that the authorization server can issue access tokens for the MCP server. It must know the
// scopes, and its access tokens must differ from its ID tokens.

import { findParameter } from './challenge.js';
import { type Check, ok, skipped, warn } from './check.js';
import { withFirstServer } from './checks-issuer.js';
import type { JsonObject } from './document.js';
import { challengesOf, type Inspection } from './inspection.js';

/** The scopes that clients request: those of the challenge, and of the resource metadata. */
async function requestedScopes(inspection: Inspection): Promise<string[]> {
  const { first } = challengesOf(await inspection.withoutToken('POST'));
  const challenged = first === null ? undefined : findParameter(first, 'scope')?.value;
  const { scopes_supported: published } = (await inspection.metadata()) ?? {};
  const listed = Array.isArray(published) ? published : [];
  const scopes = [...(challenged ?? '').split(' '), ...listed];
  return [...new Set(scopes)].filter((one): one is string => typeof one === 'string' && one !== '');
}

/** Dex has these endpoints and lists this claim. No other known server has all of them. */
function isDex(json: JsonObject, issuer: string): boolean {
  const endpoints = {
    authorization_endpoint: '/auth',
    token_endpoint: '/token',
    jwks_uri: '/keys',
    device_authorization_endpoint: '/device/code',
  };
  const base = issuer.replace(/\/$/, '');
  const claims = json.claims_supported;
  return (
    Array.isArray(claims) &&
    claims.includes('at_hash') &&
    Object.entries(endpoints).every(([name, path]) => json[name] === base + path)
  );
}

export const issuerTokenChecks: readonly Check[] = [
  {
    name: 'scopes of the authorization server',
    expected: 'its scopes_supported includes every scope that the MCP server requests',
    fix:
      'add these scopes at the authorization server, or remove them from the MCP server. Some ' +
      'servers reject a registration or a login with an unknown scope',
    requirement: 'RFC 8414 section 2',
    async probe(inspection) {
      const requested = await requestedScopes(inspection);
      return withFirstServer(inspection, ({ scopes_supported: supported }) => {
        if (requested.length === 0) return skipped('the MCP server requests no scope');
        if (!Array.isArray(supported)) return skipped('the authorization server lists no scopes');
        const unknown = requested.filter((scope) => !supported.includes(scope));
        return unknown.length === 0
          ? ok(`it lists ${requested.join(' ')}`)
          : warn(`its scopes_supported does not include ${unknown.join(' ')}`);
      });
    },
  },
  {
    name: 'kind of access tokens',
    expected: 'the access tokens of the authorization server differ from its ID tokens',
    fix:
      'use another authorization server in front of Dex: Portcullis rejects its access tokens, and ' +
      'a server that accepts them accepts ID tokens too',
    requirement: 'RFC 8725 section 3.11',
    probe: (inspection) =>
      withFirstServer(inspection, (json, issuer) =>
        isDex(json, issuer)
          ? warn('this is Dex: its access tokens cannot be distinguished from its ID tokens')
          : ok('the authorization server is not Dex'),
      ),
  },
];
