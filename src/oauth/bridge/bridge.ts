// The bridge: an OAuth authorization server whose client secrets are API keys. Its tokens name
// their key, so it stores nothing, and any replica with its key ring verifies them.
import { randomUUID } from 'node:crypto';
import type { ResolvedBridge } from '../../config/resolved-config.js';
import { type ApiKey, type ApiKeys, fingerprintOf } from '../../core/api-key.js';
import { BRIDGE_TYP, type BridgeClaims, type VerificationKey } from '../../core/bridge-token.js';
import type { Clock } from '../../core/clock.js';
import type { Endpoint } from '../../core/endpoint.js';
import type { RequestHead } from '../../core/exchange.js';
import type { Notify } from '../../core/notice.js';
import { BRIDGE_PATHS, type OAuthAnswer, type OAuthServer } from '../../core/oauth-server.js';
import type { VouchedToken } from '../../core/presented-token.js';
import { isPastSunset } from '../../core/sunset.js';
import {
  granted,
  isRefusal,
  limited,
  type Refusal,
  refusal,
  refused,
  unavailable,
} from '../answers.js';
import type { ClientPair } from '../client-authentication.js';
import { createSigningRing } from '../signing-keys.js';
import { bridgeMetadata } from './metadata.js';
import { createGrantLimits, type GrantLimits } from './rate-limit.js';
import { createResources } from './resources.js';
import { readTokenRequest } from './token-request.js';

export interface BridgeParts {
  readonly bridge: ResolvedBridge;
  /** All endpoints. The bridge serves those with `isBridged`. */
  readonly endpoints: readonly Endpoint[];
  readonly apiKeys: ApiKeys;
  readonly clock: Clock;
  readonly notify: Notify;
  /** For limits that outlive a reload. By default the bridge begins with new ones. */
  readonly limits?: GrantLimits;
  /** False while a grant would have no audit record. By default true. */
  readonly canRecord?: () => boolean;
}

export interface Bridge extends OAuthServer {
  readonly verificationKeys: readonly VerificationKey[];
}

const MAX_BODY_BYTES = 16 * 1024;

const NO_FLOW = refusal(
  'unsupported_response_type',
  'This server has no login page. Use the client_credentials grant at the token endpoint',
);

/** The same answer for each reason. Only the log has the reason. */
const invalidClient = (detail: string): Refusal =>
  refusal('invalid_client', 'Client authentication failed', detail);

const UNKNOWN_SECRET = invalidClient('no entry has the hash of the secret');

/** Stands in for a key where no entry has the hash of the secret. Its checks have no effect. */
const NO_KEY: ApiKey = {
  name: '',
  sha256: '0'.repeat(64),
  scopes: [],
  tenant: null,
  upstreamAuthorization: null,
  sunsetMs: null,
  endpoints: null,
};

const vouchedFor = (key: ApiKey, id: string, audience: readonly string[]): VouchedToken => ({
  issuer: null,
  subject: key.name,
  client: id,
  method: 'api-key',
  audience,
  keyFingerprint: fingerprintOf(key),
});

export function createBridge(parts: BridgeParts): Bridge {
  const { bridge, apiKeys, clock, notify, limits = createGrantLimits(parts.clock) } = parts;
  const { canRecord = () => true } = parts;
  const { issuer, tokenSeconds, clientId } = bridge;
  const endpoints = parts.endpoints.filter(({ isBridged }) => isBridged);
  const ring = createSigningRing<BridgeClaims>(bridge.keys, BRIDGE_TYP);
  const resources = createResources(endpoints);

  function rejectClient(key: ApiKey, id: string): Refusal | null {
    const name = `the key ${fingerprintOf(key)}`;
    if (id !== (clientId ?? key.name)) return invalidClient(`${name} with another client id`);
    if (isPastSunset(key.sunsetMs, clock.wallMs()))
      return invalidClient(`${name} is past its sunset`);
    return resources.serves(key) ? null : invalidClient(`${name} is for other endpoints`);
  }

  /**
   * Looks up each pair, so that the time depends on the request and not on the registry. An unknown
   * secret gets the checks of a known one, because their time would reveal that a secret is right.
   */
  function findClient(pairs: readonly ClientPair[]): { key: ApiKey; id: string } | Refusal {
    const found = pairs.map(({ id, secret }) => {
      const known = apiKeys.find(secret);
      const rejection = rejectClient(known ?? NO_KEY, id);
      return { known, id, rejection: known === null ? UNKNOWN_SECRET : rejection };
    });
    const best =
      found.find(({ rejection }) => rejection === null) ??
      found.find(({ known }) => known !== null) ??
      found[0];
    if (best === undefined || best.known === null) return UNKNOWN_SECRET;
    return best.rejection ?? { key: best.known, id: best.id };
  }

  async function grant(key: ApiKey, id: string, aud: readonly string[]): Promise<OAuthAnswer> {
    const iat = Math.floor(clock.wallMs() / 1000);
    const untilSunset = key.sunsetMs === null ? tokenSeconds : key.sunsetMs / 1000 - iat;
    const seconds = Math.min(tokenSeconds, Math.floor(untilSunset));
    const token = await ring.sign({
      iss: issuer,
      sub: key.name,
      aud,
      client_id: id,
      key: fingerprintOf(key),
      iat,
      exp: iat + seconds,
      jti: randomUUID(),
    });
    // RFC 6749 section 3.3: the scopes of the token, whatever the client has requested.
    const scope = key.scopes.length > 0 ? { scope: key.scopes.join(' ') } : {};
    return granted({ access_token: token, token_type: 'Bearer', expires_in: seconds, ...scope });
  }

  async function answerToken(
    head: RequestHead,
    body: Buffer,
    clientAddress: string,
  ): Promise<OAuthAnswer> {
    if (!canRecord()) return unavailable(undefined, 'the audit cannot record a grant');
    const request = readTokenRequest(head, body);
    if (isRefusal(request)) return refused(request, issuer);
    const client = findClient(request.clients);
    if (isRefusal(client)) {
      const waitMs = limits.failure(clientAddress);
      return waitMs > 0 ? limited(waitMs, client.detail ?? '') : refused(client, issuer);
    }
    const { key, id } = client;
    const keyFingerprint = fingerprintOf(key);
    const audience = resources.audience(key, request.resources);
    const audited = vouchedFor(key, id, isRefusal(audience) ? [] : audience);
    if (isRefusal(audience))
      return { ...refused({ ...audience, detail: `the key ${keyFingerprint}` }, issuer), audited };
    const waitMs = limits.grant(key);
    if (waitMs > 0) return { ...limited(waitMs, `the key ${keyFingerprint}`), audited };
    const answer = { ...(await grant(key, id, audience)), audited };
    const fields = { keyFingerprint, subject: key.name, clientAddress, resource: audience };
    notify({ event: 'oauth.granted', level: 'info', ...fields });
    return answer;
  }

  return {
    issuer,
    metadata: bridgeMetadata(issuer, endpoints),
    jwks: ring.jwks,
    verificationKeys: ring.verificationKeys,
    paths: BRIDGE_PATHS,
    maxBodyBytes: MAX_BODY_BYTES,
    token: (head, body, clientAddress) =>
      answerToken(head, body, clientAddress).catch((cause) => unavailable(cause)),
    authorize: () => refused(NO_FLOW, issuer),
  };
}
