// The values that each check reads from a token, and those that the configuration expects, for
// `explain`. Never the token itself.

import type { VerifyMode } from '../config/resolved-config.js';
import { type ClaimNames, USUAL_CLAIMS } from '../core/claim-rules.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Values } from '../core/explanation.js';
import type { UnverifiedJwt } from './authenticators/jwt.js';
import type { Claims } from './claims.js';
import type { IssuerRuntime } from './issuer/issuer-runtime.js';
import type { TypPolicy } from './token-kind.js';

export interface CheckValues {
  readonly observed: Values;
  readonly expected: Values;
}

type ReadValues = (jwt: UnverifiedJwt, issuer: IssuerRuntime, nowSeconds: number) => CheckValues;

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

/** Only the presence of these claims matters, so `explain` does not show their values. */
const presenceOf = (values: Claims, names: readonly string[]): Values =>
  Object.fromEntries(
    names.filter((name) => values[name] !== undefined).map((name) => [name, 'present']),
  );

const date = (seconds: unknown): unknown =>
  typeof seconds === 'number' && Math.abs(seconds) < 1e11
    ? new Date(seconds * 1000).toISOString()
    : seconds;

const ACCESS_TYPS = ['at+jwt', 'application/at+jwt'];

function expectedTyp(typ: TypPolicy, verify: VerifyMode): unknown {
  if (typ === 'at+jwt') return ACCESS_TYPS;
  return verify === 'introspection'
    ? 'any except that of another kind of token'
    : [...ACCESS_TYPS, 'JWT', 'absent'];
}

/** By the name of a check in authenticators/jwt.ts, or of the steps `claims` and `key`. */
const VALUES: Readonly<Record<string, ReadValues>> = {
  issuer: ({ claims }, { policy }) => ({
    observed: pick(claims, ['iss']),
    expected: { iss: policy.issuer },
  }),
  algorithm: ({ header }, { policy, verify }) => ({
    observed: pick(header, ['alg']),
    expected: verify === 'introspection' ? { alg: 'any except none' } : { alg: policy.algorithms },
  }),
  'critical headers': ({ header }) => ({
    observed: presenceOf(header, ['crit', 'b64']),
    expected: { crit: 'absent', b64: 'absent' },
  }),
  kid: ({ header }) => ({ observed: pick(header, ['kid']), expected: {} }),
  typ: ({ header }, { policy, verify }) => ({
    observed: pick(header, ['typ']),
    expected: { typ: expectedTyp(policy.typ, verify) },
  }),
  'bound key': ({ claims }) => ({
    observed: presenceOf(claims, ['cnf']),
    expected: { cnf: 'absent' },
  }),
  'other kinds of token': ({ claims }) => ({
    observed: {
      ...pick(claims, ['token_use', 'typ']),
      ...presenceOf(claims, ['at_hash', 'c_hash', 'events']),
    },
    expected: {
      'at_hash, c_hash, events': 'absent',
      token_use: 'absent, access or access_token',
    },
  }),
  'required claims': ({ claims }, { policy: { requiredClaims = {} } }) => ({
    observed: pick(claims, Object.keys(requiredClaims)),
    expected: requiredClaims,
  }),
  dates: ({ claims }, { policy }, nowSeconds) => ({
    observed: Object.fromEntries(
      Object.entries(pick(claims, ['iat', 'nbf', 'exp'])).map(([name, value]) => [
        name,
        date(value),
      ]),
    ),
    expected: { now: date(nowSeconds), clockToleranceSeconds: policy.clockToleranceSeconds },
  }),
  claims: ({ claims }, { policy: { claims: names = USUAL_CLAIMS, requireTenant = false } }) => ({
    observed: { ...pick(claims, namesOf(names)), ...presenceOf(claims, ['cnf']) },
    expected: {
      subject: names.subject,
      ...(requireTenant ? { tenant: names.tenant } : {}),
      cnf: 'absent',
    },
  }),
  key: ({ header }, { keys }) => ({
    observed: pick(header, ['kid', 'alg']),
    expected: {
      // Before the first load there is no outage: an earlier check may have rejected the token.
      'published keys':
        keys
          .usableKeySet()
          ?.keys.map(
            ({ kid, byAlgorithm }) => `${kid ?? 'no kid'} (${[...byAlgorithm.keys()].join(', ')})`,
          ) ?? (keys.hasAttemptedLoad() ? 'unavailable' : 'not requested'),
    },
  }),
};

const NOTHING: CheckValues = { observed: {}, expected: {} };

export const valuesOf = (
  name: string,
  jwt: UnverifiedJwt,
  issuer: IssuerRuntime,
  nowSeconds: number,
): CheckValues => VALUES[name]?.(jwt, issuer, nowSeconds) ?? NOTHING;

const orAbsent = (name: string, values: Values): Values =>
  Object.keys(values).length > 0 ? values : { [name]: 'absent' };

/** The issuer, the subject and the client that an introspection response names. */
export function introspectionValues(claims: Claims, { policy }: IssuerRuntime): Values {
  const { subject, client } = policy.claims ?? USUAL_CLAIMS;
  return {
    active: true,
    iss: claims.iss ?? 'absent',
    ...orAbsent('subject', pick(claims, [...subject, 'username'])),
    ...orAbsent('client', pick(claims, client)),
  };
}

/** The audience of a token, and the audiences that the endpoint accepts from this issuer. */
export function audienceValues(
  claims: Claims | null,
  issuer: string | undefined,
  endpoint: Endpoint,
): CheckValues {
  const ofIssuer = issuer === undefined ? [] : (endpoint.issuerAudience.get(issuer) ?? []);
  return {
    observed: claims === null ? {} : { aud: claims.aud ?? 'absent' },
    expected: { aud: [...endpoint.audience, ...ofIssuer] },
  };
}

export const hasValues = (name: string): boolean => Object.hasOwn(VALUES, name);
