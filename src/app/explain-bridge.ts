// Explains bearer tokens at an endpoint of the bridge. Its tokens stand for API keys, so the steps
// after the signature are those of the key.
import { checkAudience } from '../authorize/audience.js';
import type { ResolvedBridge } from '../config/resolved-config.js';
import type { AudienceFacts } from '../core/access-token.js';
import type { ApiKey } from '../core/api-key.js';
import { BRIDGE_TYP } from '../core/bridge-token.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Explanation, ExplanationFix, Values } from '../core/explanation.js';
import {
  credentialMalformed,
  credentialMultiple,
  tokenAlgorithm,
  tokenClaims,
  tokenExpired,
  tokenInactive,
  tokenIssuer,
  tokenKeyUnknown,
  tokenMalformed,
  tokenNotYetValid,
  tokenSignature,
  tokenType,
  verifyFault,
} from '../core/failures.js';
import type { Caller } from '../core/principal.js';
import type { Result } from '../core/result.js';
import { createSigningRing } from '../oauth/signing-keys.js';
import { keyPrincipal } from '../verify/authenticators/api-key.js';
import { createBridgeTokens } from '../verify/authenticators/bridge-token.js';
import { rejectBridgeDates } from '../verify/bridge-verifier.js';
import type { Claims } from '../verify/claims.js';
import { type PlannedStep, toSteps } from '../verify/explain-steps.js';
import { audienceValues } from '../verify/explain-values.js';
import { shapeOf } from '../verify/jws.js';
import type { ExplainBearer } from './explain-bearer.js';
import { bridgeFixFor } from './explain-bridge-fix.js';
import { texts } from './explain-fix-context.js';
import { entrySteps, entryValues } from './explain-key.js';
import type { ExplainSettings } from './explain-settings.js';
import type { KnownKeys } from './given-credential.js';

const dateOf = (seconds: unknown): unknown =>
  typeof seconds === 'number' && Math.abs(seconds) < 1e11
    ? new Date(seconds * 1000).toISOString()
    : (seconds ?? 'absent');

/** The checks of the form of a token and of its issuer. */
function formSteps(token: string, issuer: string): PlannedStep[] {
  const shape = shapeOf(token);
  const claims: Claims | null = shape.kind === 'jws' ? shape.claims : null;
  return [
    {
      name: 'one token',
      own: [credentialMalformed.definition, credentialMultiple.definition],
      observed: { characters: token.length },
      expected: {},
    },
    {
      name: 'kind of token',
      own: [tokenMalformed.definition],
      observed: { kind: shape.kind === 'jws' ? 'JWT' : shape.kind },
      expected: { kind: 'a token of the bridge' },
    },
    {
      name: 'accepted issuer',
      own: [tokenIssuer.definition],
      observed: claims === null ? {} : { iss: claims.iss ?? 'absent' },
      expected: { iss: issuer },
    },
  ];
}

/** Its typ marks a token of the bridge as an access token. */
const factsOf = ({ iss, client_id: client, aud }: Claims): AudienceFacts => ({
  issuer: String(iss),
  client: typeof client === 'string' ? client : null,
  audience: texts(aud),
  evidence: 'marked',
  hasNonce: false,
  boundToClient: false,
});

interface Context {
  readonly endpoint: Endpoint;
  readonly nowMs: number;
  /** The key ids of the ring. */
  readonly kids: readonly string[];
  readonly registry: Values;
}

/** The checks of a token whose issuer is the bridge. `entry`: the key that it names. */
function tokenSteps(
  header: Values,
  claims: Claims,
  entry: ApiKey | null,
  { endpoint, nowMs, kids, registry }: Context,
): PlannedStep[] {
  const now = nowMs / 1000;
  return [
    {
      name: 'typ',
      own: [tokenType.definition],
      observed: { typ: header.typ ?? 'absent' },
      expected: { typ: BRIDGE_TYP },
    },
    {
      name: 'key of the bridge',
      own: [tokenKeyUnknown.definition, tokenAlgorithm.definition],
      observed: { alg: header.alg, kid: header.kid ?? 'absent' },
      expected: { 'bridge.keys': kids },
    },
    {
      name: 'dates',
      own: [tokenExpired.definition, tokenNotYetValid.definition],
      reject: () => rejectBridgeDates(claims, now),
      observed: { iat: dateOf(claims.iat), exp: dateOf(claims.exp) },
      expected: { now: dateOf(now) },
    },
    { name: 'claims', own: [tokenClaims.definition], observed: {}, expected: {} },
    {
      name: 'signature',
      own: [tokenSignature.definition, verifyFault.definition],
      observed: {},
      expected: {},
    },
    {
      name: 'registered key',
      own: [tokenInactive.definition],
      observed: { sub: claims.sub, key: claims.key, ...(entry === null ? {} : entryValues(entry)) },
      expected: registry,
    },
    {
      name: 'audience',
      reject: () => checkAudience(factsOf(claims), endpoint),
      ...audienceValues(claims, undefined, endpoint),
    },
    ...entrySteps(entry, endpoint, nowMs, 'bridge'),
  ];
}

export function createExplainBridge(
  { config, endpoint, clock, written = null }: ExplainSettings,
  bridge: ResolvedBridge,
  keys: KnownKeys,
  registry: Values,
): ExplainBearer {
  const { issuer } = bridge;
  const apiKeys = keys.registry;
  const { verificationKeys } = createSigningRing(bridge.keys, BRIDGE_TYP);
  const kids = verificationKeys.map(({ kid, algorithm }) => `${kid} (${algorithm})`);
  const tokens = createBridgeTokens({ issuer, keys: verificationKeys, apiKeys, clock });
  const authenticator = tokens(checkAudience);

  return {
    takesOpaque: false,
    async explain(token, first, last): Promise<Explanation> {
      const verified: Result<Caller> = await Promise.resolve(
        authenticator.authenticate({ kind: 'bearer', token }, endpoint),
      ).catch((cause: unknown) => verifyFault({ cause }));
      const shape = shapeOf(token);
      const claims: Claims = (shape.kind === 'jws' ? shape.claims : null) ?? {};
      const isOfBridge = shape.kind === 'jws' && claims.iss === issuer;
      const { sub, key } = claims;
      const entry =
        typeof sub === 'string' && typeof key === 'string' ? apiKeys.named(sub, key) : null;
      const context = { endpoint, nowMs: clock.wallMs(), kids, registry };
      const planned = [
        first,
        ...formSteps(token, issuer),
        ...(isOfBridge ? tokenSteps(shape.header, claims, entry, context) : []),
        last(verified.ok ? verified.value : isOfBridge && entry ? keyPrincipal(entry) : null),
      ];
      const steps = toSteps(planned, verified);
      const failed = steps.find(({ state }) => state === 'fail');
      return { steps, failure: failed?.failure ?? (verified.ok ? null : verified) };
    },
    fixFor: (explanation, token): ExplanationFix | null =>
      written === null
        ? null
        : bridgeFixFor(explanation, { written, endpoint, keys, token, config, bridge }),
  };
}
