// Verifies that a token is a genuine access token of the bridge: its form, its claims and its
// signature. Only the bridge signs such tokens, so each member of the header is known.
import { BRIDGE_TYP, type BridgeClaims, type VerificationKey } from '../core/bridge-token.js';
import type { Clock } from '../core/clock.js';
import { checkTokenSyntax } from '../core/credential.js';
import type { Failure } from '../core/failure.js';
import {
  tokenAlgorithm,
  tokenClaims,
  tokenExpired,
  tokenIssuer,
  tokenKeyUnknown,
  tokenMalformed,
  tokenSignature,
  tokenType,
} from '../core/failures.js';
import { andThen, type MaybeLater } from '../core/maybe-later.js';
import { quoted } from '../core/quoted.js';
import { ok, type Result } from '../core/result.js';
import { type Claims, checkDates } from './claims.js';
import { shapeOf, type UnverifiedJws } from './jws.js';
import { withClaims } from './presented-token.js';
import { isSignedBy, prepareOwnKey, type SignatureKey, signedTextOf } from './signature.js';

/** Replicas with one ring may differ by this in their clocks, so that `iat` is in the future. */
const TOLERANCE_SECONDS = 30;
/** `exp` has no tolerance: the bridge and its replicas know when a token ends. */
export function rejectBridgeDates(claims: Claims, nowSeconds: number): Failure | null {
  const dates = checkDates(claims, nowSeconds, TOLERANCE_SECONDS, true);
  return dates ?? (nowSeconds >= (claims.exp as number) ? tokenExpired() : null);
}

/** The bridge signs no token that lives longer. */
const MAX_LIFE_SECONDS = 3600;
const HEADER_MEMBERS = new Set(['alg', 'kid', 'typ']);
const QUOTED_CHARACTERS = 200;

export interface BridgeVerifierDependencies {
  /** `bridge.issuer`. */
  readonly issuer: string;
  readonly keys: readonly VerificationKey[];
  readonly clock: Clock;
}

export type VerifyBridgeToken = (token: string) => MaybeLater<Result<BridgeClaims>>;

function rejectHeader(header: UnverifiedJws['header']): Failure | null {
  if (header.typ !== BRIDGE_TYP) return tokenType({ detail: `typ is not ${BRIDGE_TYP}` });
  const other = Object.keys(header).find((name) => !HEADER_MEMBERS.has(name));
  if (other === undefined) return null;
  return tokenMalformed({ detail: `the header has ${quoted(other, 20)}: no token of the bridge` });
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** The claims with their types; null where one is missing or has another type. */
function typedClaims(claims: Claims): BridgeClaims | null {
  const { iss, sub, aud, client_id, key, iat, exp, jti } = claims;
  if (![iss, sub, client_id, key, jti].every(isText)) return null;
  if (!Array.isArray(aud) || aud.length === 0 || !aud.every(isText)) return null;
  // checkDates checks their values.
  if (typeof iat !== 'number' || typeof exp !== 'number') return null;
  return exp - iat > MAX_LIFE_SECONDS ? null : (claims as unknown as BridgeClaims);
}

export function createBridgeVerifier(dependencies: BridgeVerifierDependencies): VerifyBridgeToken {
  const { issuer, keys, clock } = dependencies;
  const prepared = new Map<VerificationKey, SignatureKey>();

  function preparedKey(key: VerificationKey): SignatureKey {
    const known = prepared.get(key);
    if (known !== undefined) return known;
    const created = prepareOwnKey(key);
    prepared.set(key, created);
    return created;
  }

  function findKey({ kid, alg }: UnverifiedJws['header']): Result<VerificationKey> {
    const key = keys.find((one) => one.kid === kid);
    if (key === undefined) return tokenKeyUnknown({ detail: 'bridge.keys has no key of this kid' });
    if (key.algorithm === alg) return ok(key);
    return tokenAlgorithm({ detail: `alg is not ${key.algorithm}, for which its key is` });
  }

  /** All checks that need no signature; the key of the ring that has to verify the token. */
  function checkUnverified({ header, claims }: UnverifiedJws): Result<VerificationKey> {
    if (claims === null) return tokenMalformed({ detail: 'the payload is not a JSON object' });
    if (claims.iss !== issuer) {
      const iss = typeof claims.iss === 'string' ? quoted(claims.iss, QUOTED_CHARACTERS) : 'absent';
      return tokenIssuer({ detail: `iss is ${iss}: the endpoint takes tokens of the bridge only` });
    }
    const flaw = rejectHeader(header);
    if (flaw !== null) return flaw;
    const key = findKey(header);
    if (!key.ok) return key;
    const dates = rejectBridgeDates(claims, clock.wallMs() / 1000);
    if (dates !== null) return dates;
    return typedClaims(claims) === null
      ? tokenClaims({ detail: 'a claim of bridge tokens is missing, or has another type' })
      : key;
  }

  return (token) => {
    const flaw = checkTokenSyntax(token);
    if (flaw !== null) return flaw;
    const shape = shapeOf(token);
    if (shape.kind !== 'jws')
      return tokenMalformed({ detail: 'not a JWT: the endpoint takes tokens of the bridge only' });
    const claims = shape.claims ?? {};
    const key = checkUnverified(shape);
    if (!key.ok) return withClaims(key, claims);
    return andThen(isSignedBy(signedTextOf(token), preparedKey(key.value)), (isGenuine) =>
      isGenuine ? ok(claims as unknown as BridgeClaims) : withClaims(tokenSignature(), claims),
    );
  };
}
