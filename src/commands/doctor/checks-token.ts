// Predicts from the claims of the token how the server will treat it. Does not verify the token.
import { type Check, fail, type Observation, ok, skipped, warn } from './check.js';
import type { JsonObject } from './document.js';
import type { Inspection } from './inspection.js';
import { claimsOf } from './jwt-claims.js';

const NO_TOKEN = 'the command has no token';
const NOT_A_TOKEN = 'the command has a key, and no token';

function withClaims(
  { target: { token, key } }: Inspection,
  evaluate: (claims: JsonObject) => Observation | Promise<Observation>,
): Observation | Promise<Observation> {
  if (token === null) return skipped(key === null ? NO_TOKEN : NOT_A_TOKEN);
  const claims = claimsOf(token);
  return claims === null
    ? skipped('the token is not a JWT: only its issuer can read it')
    : evaluate(claims);
}

const jsonOf = (claim: unknown): string => JSON.stringify(claim) ?? 'absent';

export const tokenChecks: readonly Check[] = [
  {
    name: 'token over a protected connection',
    expected: 'the token travels over https, or stays on this machine',
    fix: 'use the https URL; the doctor did not send the token over http',
    requirement: 'C-22',
    probe({ target: { token, key }, sendsToken }) {
      if (token === null && key === null) return skipped(NO_TOKEN);
      return sendsToken
        ? ok(`the doctor sends the ${key === null ? 'token' : 'key'} over https or loopback`)
        : fail('the URL is http, and not on loopback');
    },
  },
  {
    name: 'token lifetime',
    expected: 'exp is in the future (unverified)',
    fix: 'get a new token',
    requirement: 'C-38',
    probe: (inspection) =>
      withClaims(inspection, ({ exp }) => {
        if (typeof exp !== 'number') return warn('the token has no exp');
        const seconds = Math.round(exp - Date.now() / 1000);
        return seconds > 0
          ? ok(`the token expires in ${seconds} s`)
          : fail(`the token expired ${-seconds} s ago`);
      }),
  },
  {
    name: 'token kind',
    expected: 'the token is an access token (unverified)',
    fix:
      'send the access token and not the ID token. Access tokens of Dex have this mark too: they ' +
      'cannot be distinguished from its ID tokens. Then use another authorization server',
    requirement: 'A-46, C-37',
    probe: (inspection) =>
      withClaims(inspection, (claims) => {
        const mark = ['at_hash', 'c_hash', 'events'].find((name) => claims[name] !== undefined);
        return mark === undefined
          ? ok('no claim marks another kind of token')
          : warn(`${mark} marks an ID token or a logout token`);
      }),
  },
  {
    name: 'token audience',
    expected: 'aud includes the resource (unverified)',
    fix:
      'make the client send resource in its token requests, or make the issuer map it to this ' +
      'audience. Nothing, if the server accepts another audience on purpose',
    requirement: 'A-40, A-41',
    probe: (inspection) =>
      withClaims(inspection, async ({ aud }) => {
        const resource = (await inspection.metadata())?.resource ?? inspection.target.url;
        const observed = `aud is ${jsonOf(aud)}, the resource is ${String(resource)}`;
        return [aud].flat().includes(resource) ? ok(observed) : warn(observed);
      }),
  },
  {
    name: 'token issuer',
    expected: 'iss is one of authorization_servers (unverified)',
    fix: 'get the token from the authorization server that the metadata names',
    requirement: 'A-45',
    probe: (inspection) =>
      withClaims(inspection, async ({ iss }) => {
        const servers = await inspection.authorizationServers();
        if (servers.length === 0) return skipped('the metadata names no authorization server');
        return servers.some((server) => server === iss)
          ? ok(`iss is ${jsonOf(iss)}`)
          : warn(`iss is ${jsonOf(iss)}, but authorization_servers has ${servers.join(', ')}`);
      }),
  },
];
