// Decides what the doctor says of the token it was given: read without being verified, only to tell what will probably become of it.
import { isObject } from '../../core/json.js';
import { type Check, fail, ok, type Seen, skipped, warn } from './check.js';
import type { Json, Look } from './look.js';

function claimsOf(token: string | null): Json | null {
  const [, payload, signature] = token?.split('.') ?? [];
  if (payload === undefined || signature === undefined) return null;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return isObject(claims) ? claims : null;
  } catch {
    return null;
  }
}

function withClaims(
  { target: { token } }: Look,
  judge: (claims: Json) => Seen | Promise<Seen>,
): Seen | Promise<Seen> {
  if (token === null) return skipped('no token was given');
  const claims = claimsOf(token);
  return claims === null
    ? skipped('the token is no JWT: only its issuer can read it')
    : judge(claims);
}

export const tokenChecks: readonly Check[] = [
  {
    name: 'token on a safe line',
    wants: 'the token travels by https, or stays on this machine',
    mend: 'use the https URL; over http the token was not sent',
    requirement: 'C-22',
    look: ({ target: { token }, mayAuthorize }) =>
      token === null
        ? skipped('no token was given')
        : mayAuthorize
          ? ok('it does')
          : fail('plain http'),
  },
  {
    name: 'time of the token',
    wants: 'exp is to come (unverified)',
    mend: 'get a new token',
    requirement: 'C-38',
    look: (look) =>
      withClaims(look, ({ exp }) => {
        if (typeof exp !== 'number') return warn('no exp');
        const seconds = Math.round(exp - Date.now() / 1000);
        return seconds > 0 ? ok(`good for ${seconds} s`) : fail(`it ended ${-seconds} s ago`);
      }),
  },
  {
    name: 'audience of the token',
    wants: 'aud has the resource (unverified)',
    mend: 'let the client send resource in its requests for a token, or the issuer map it to this audience; nothing, if the server takes another audience on purpose',
    requirement: 'A-40, A-41',
    look: (look) =>
      withClaims(look, async ({ aud }) => {
        const resource = (await look.metadata())?.resource ?? look.target.url;
        const named = [aud].flat();
        const saw = `aud ${JSON.stringify(aud) ?? 'absent'}, resource ${String(resource)}`;
        return named.includes(resource) ? ok(saw) : warn(saw);
      }),
  },
  {
    name: 'issuer of the token',
    wants: 'iss is one of authorization_servers (unverified)',
    mend: 'get the token from the authorization server that the metadata names',
    requirement: 'A-45',
    look: (look) =>
      withClaims(look, async ({ iss }) => {
        const servers = await look.servers();
        if (servers.length === 0) return skipped('no authorization server is named');
        const saw = `iss ${JSON.stringify(iss) ?? 'absent'}`;
        return servers.some((one) => one === iss)
          ? ok(saw)
          : warn(`${saw}, and authorization_servers has ${servers.join(', ')}`);
      }),
  },
];
