// Decides which values of a token each check reads, and what the configuration wants in their place, for `explain`. Only those; never the
// token, and never what a check makes of them.
import type { Endpoint } from '../core/endpoint.js';
import type { Values } from '../core/examined.js';
import { type ClaimNames, USUAL_CLAIMS } from '../core/principal.js';
import type { IssuerParts } from './choose.js';
import type { Claims } from './claims.js';
import type { UnverifiedJwt } from './jwt.js';

export interface Told {
  readonly has: Values;
  readonly wants: Values;
}

type Tell = (jwt: UnverifiedJwt, parts: IssuerParts, nowSeconds: number) => Told;

const pick = (values: Claims, names: readonly string[]): Values =>
  Object.fromEntries(
    names.filter((name) => values[name] !== undefined).map((name) => [name, values[name]]),
  );

const namesOf = ({ subject, tenant, client, scopes }: ClaimNames): string[] => [
  ...subject,
  ...tenant,
  ...client,
  ...scopes,
];

/** Whose presence alone says something; their values are nobody's business. */
const present = (values: Claims, names: readonly string[]): Values =>
  Object.fromEntries(
    names.filter((name) => values[name] !== undefined).map((name) => [name, 'present']),
  );

const date = (seconds: unknown): unknown =>
  typeof seconds === 'number' && Math.abs(seconds) < 1e11
    ? new Date(seconds * 1000).toISOString()
    : seconds;

/** By the name of a check of jwt.ts. */
const TOLD: Readonly<Record<string, Tell>> = {
  issuer: ({ claims }, { policy }) => ({
    has: pick(claims, ['iss']),
    wants: { iss: policy.issuer },
  }),
  algorithm: ({ header }, { policy, verify }) => ({
    has: pick(header, ['alg']),
    wants: verify === 'introspection' ? { alg: 'any but none' } : { alg: policy.algorithms },
  }),
  'critical headers': ({ header }) => ({
    has: present(header, ['crit', 'b64']),
    wants: { crit: 'absent', b64: 'absent' },
  }),
  kid: ({ header }) => ({ has: pick(header, ['kid']), wants: {} }),
  typ: ({ header }, { policy }) => ({
    has: pick(header, ['typ']),
    wants: {
      typ:
        policy.typ === 'lenient'
          ? ['at+jwt', 'application/at+jwt', 'JWT', 'absent']
          : ['at+jwt', 'application/at+jwt'],
    },
  }),
  'other kinds of token': ({ claims }) => ({
    has: {
      ...pick(claims, ['token_use']),
      ...present(claims, ['nonce', 'at_hash', 'c_hash', 'events']),
    },
    wants: { 'nonce, at_hash, c_hash, events': 'absent' },
  }),
  'marks of an access token': ({ claims }, { policy: { marks = {} } }) => ({
    has: pick(claims, Object.keys(marks)),
    wants: marks,
  }),
  dates: ({ claims }, { policy }, nowSeconds) => ({
    has: Object.fromEntries(
      Object.entries(pick(claims, ['iat', 'nbf', 'exp'])).map(([name, value]) => [
        name,
        date(value),
      ]),
    ),
    wants: { now: date(nowSeconds), clockToleranceSeconds: policy.clockToleranceSeconds },
  }),
  claims: ({ claims }, { policy: { claims: names = USUAL_CLAIMS, requireTenant = false } }) => ({
    has: { ...pick(claims, namesOf(names)), ...present(claims, ['cnf']) },
    wants: {
      subject: names.subject,
      ...(requireTenant ? { tenant: names.tenant } : {}),
      cnf: 'absent',
    },
  }),
  key: ({ header }, { keys }) => ({
    has: pick(header, ['kid', 'alg']),
    wants: {
      // A token that is refused before costs the issuer no request; that is no outage.
      'published keys':
        keys.usable()?.keys.map(({ kid, algorithm }) => `${kid ?? 'no kid'} (${algorithm})`) ??
        (keys.tried() ? 'none to be had' : 'not asked for'),
    },
  }),
};

const NOTHING: Told = { has: {}, wants: {} };

export const toldOf = (
  name: string,
  jwt: UnverifiedJwt,
  parts: IssuerParts,
  nowSeconds: number,
): Told => TOLD[name]?.(jwt, parts, nowSeconds) ?? NOTHING;

/** What the audience of anything is compared with. */
export function toldOfAudience(
  claims: Claims | null,
  issuer: string | undefined,
  endpoint: Endpoint,
): Told {
  const ofIssuer = issuer === undefined ? [] : (endpoint.issuerAudience.get(issuer) ?? []);
  return {
    has: claims === null ? {} : { aud: claims.aud ?? 'absent' },
    wants: { aud: [...endpoint.audience, ...ofIssuer] },
  };
}

export const isTold = (name: string): boolean => Object.hasOwn(TOLD, name);
