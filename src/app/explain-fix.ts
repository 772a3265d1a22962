// Finds the change of the configuration that would make a rejected token pass, where there is one.
// It only proposes: many changes make the gateway trust more, and only the operator can decide.
import { canLoad, issuerName } from '../config/written-config.js';
import type { Explanation, ExplanationFix, Values } from '../core/explanation.js';
import type { FailureDefinition } from '../core/failure.js';
import {
  audienceMismatch,
  scopeInsufficient,
  tokenAlgorithm,
  tokenClaims,
  tokenExpired,
  tokenIssuer,
  tokenKeyUnknown,
  tokenMalformed,
  tokenNotYetValid,
  tokenType,
} from '../core/failures.js';
import { shapeOf } from '../verify/jws.js';
import { claimsFix, scopeFix } from './explain-fix-claims.js';
import { type FindFix, type FixContext, noChange, ofIssuer, union } from './explain-fix-context.js';
import { audienceFix, issuerFix } from './explain-fix-trust.js';

const algorithmFix: FindFix = (failed) => {
  const { shape, issuer } = failed;
  const alg = shape.kind === 'jws' ? shape.header.alg : null;
  if (typeof alg !== 'string' || !/^((RS|PS|ES)(256|384|512)|EdDSA|Ed25519)$/.test(alg))
    return noChange('no setting accepts this algorithm: let the issuer sign with RS256 or ES256');
  const algorithms = union(issuer?.policy.algorithms ?? [], [alg]);
  return {
    words: `the issuer signs with ${alg}`,
    warning: null,
    change: ofIssuer(failed, { algorithms }),
  };
};

const typeFix: FindFix = (failed) => {
  const { shape, issuer, step } = failed;
  const typ = shape.kind === 'jws' ? shape.header.typ : null;
  const isPlain = typ === undefined || (typeof typ === 'string' && typ.toLowerCase() === 'jwt');
  if (step !== 'typ' || issuer?.policy.typ !== 'at+jwt' || !isPlain)
    return noChange('let the client send the access token, and not an ID token');
  return {
    words: 'the issuer does not mark its access tokens with typ at+jwt',
    warning: 'then only other marks show which tokens of this issuer are ID tokens',
    change: ofIssuer(failed, { typ: 'lenient' }),
  };
};

const LONGEST_TOLERANCE = 300;

const clockFix: FindFix = (failed) => {
  const { claims, nowSeconds } = failed;
  const dates = [claims.nbf, claims.iat].filter((one) => typeof one === 'number');
  const ahead = Math.max(...dates) - nowSeconds;
  const needed = [60, 120, LONGEST_TOLERANCE].find((one) => one >= ahead + 5);
  const words = `the clock of the issuer is ${Math.ceil(ahead)} s ahead: set both clocks by NTP`;
  return {
    words,
    warning: 'then the gateway accepts every token of this issuer for that much longer',
    change: needed === undefined ? null : ofIssuer(failed, { clockToleranceSeconds: needed }),
  };
};

const expiredFix: FindFix = () =>
  noChange(
    'get a new token. If new tokens expire at once, the clock of the issuer or of the gateway is ' +
      'wrong',
  );

const keyFix: FindFix = (failed) => {
  const name =
    failed.issuer === null ? null : issuerName(failed.written, failed.issuer.policy.issuer);
  const words =
    'the issuer does not publish the key of this token. Compare kid with the published keys. If ' +
    `the keys are at another URL, write issuers.${name}.jwksUri`;
  if (failed.issuer?.introspect == null) return noChange(words);
  return {
    words: `${words}. Or let the issuer decide about such tokens`,
    warning: null,
    change: ofIssuer(failed, { verify: 'jwt-then-introspection' }),
  };
};

/** The common prefix of the opaque tokens of an issuer, such as `ory_at_`. Never a whole token. */
const PREFIX = /^[a-z]{2,8}_(?:[a-z]{2,8}_)?(?=.{16})/;

const opaqueFix: FindFix = (failed) => {
  const { shape, issuers, written, token } = failed;
  if (shape.kind !== 'opaque') return null;
  const introspecting = [...issuers.values()].filter(({ introspect }) => introspect !== null);
  const [issuer] = introspecting.length > 0 ? introspecting : issuers.values();
  const name = issuer === undefined ? null : issuerName(written, issuer.policy.issuer);
  if (issuer === undefined || name === null) return null;
  if (introspecting.length > 0) {
    const prefix = PREFIX.exec(token)?.[0];
    if (introspecting.length > 1 || prefix === undefined || issuer.tokenPrefixes === null)
      return null;
    return {
      words: `no issuer takes tokens that begin with ${prefix}`,
      warning: null,
      change: { issuers: { [name]: { tokenPrefixes: union(issuer.tokenPrefixes, [prefix]) } } },
    };
  }
  const introspection = {
    clientId: 'portcullis',
    clientSecret: '$' + '{env:INTROSPECTION_SECRET}',
  };
  return {
    words:
      `only ${name} can verify an opaque token. Register a client for the gateway there, and set ` +
      'INTROSPECTION_SECRET to its secret. Or let the client ask for a JWT (RFC 8707)',
    warning: null,
    change: { issuers: { [name]: { introspection } } },
  };
};

const FIXES = new Map<FailureDefinition, FindFix>([
  [audienceMismatch.definition, audienceFix],
  [tokenIssuer.definition, issuerFix],
  [tokenAlgorithm.definition, algorithmFix],
  [tokenType.definition, typeFix],
  [tokenNotYetValid.definition, clockFix],
  [tokenExpired.definition, expiredFix],
  [tokenKeyUnknown.definition, keyFix],
  [tokenMalformed.definition, opaqueFix],
  [tokenClaims.definition, claimsFix],
  [scopeInsufficient.definition, scopeFix],
]);

/** Null: the token passes, or nothing in the configuration is the reason. */
export function fixFor(
  { steps, failure }: Explanation,
  context: FixContext,
): ExplanationFix | null {
  const at = steps.findIndex(({ state }) => state === 'fail');
  const step = steps[at];
  const find = failure === null ? undefined : FIXES.get(failure.definition);
  if (step === undefined || find === undefined) return null;
  const shape = shapeOf(context.token);
  const claims = (shape.kind === 'jws' ? shape.claims : null) ?? {};
  const [only] = context.issuers.size === 1 ? context.issuers.values() : [];
  const issuer =
    typeof claims.iss === 'string' ? (context.issuers.get(claims.iss) ?? null) : (only ?? null);
  const seen = Object.assign(
    {},
    ...steps.slice(0, at + 1).map(({ observed }) => observed),
  ) as Values;
  const { name, observed, expected } = step;
  const failed = { ...context, step: name, observed, expected, shape, claims, issuer, seen };
  const fix = find(failed);
  // The operator cannot use a change that the start would reject. The words still help.
  return fix?.change && !canLoad(context.written, fix.change) ? { ...fix, change: null } : fix;
}
