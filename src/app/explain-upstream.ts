// Explains what the upstream would get with a call: the credential and the headers of the gateway.
// Builds them with the code of the gateway, so it sends requests to token endpoints. Never shows
// the value of a header.
import type { ResolvedConfig } from '../config/resolved-config.js';
import type { Credential } from '../core/credential.js';
import type { Endpoint } from '../core/endpoint.js';
import type { PrincipalCredential } from '../core/endpoint-runtime.js';
import type { Explanation, ExplanationStep, Values } from '../core/explanation.js';
import { gatewayFault } from '../core/failures.js';
import type { Caller, Principal } from '../core/principal.js';
import type { Result } from '../core/result.js';
import type { RequestedToken } from '../core/upstream-credential.js';
import { urlForLog } from '../idp/discovery.js';
import type { FetchJson } from '../idp/fetch-json.js';
import { noCredential } from '../proxy/credentials/none.js';
import { createUpstreamCredential } from '../proxy/credentials/upstream-credential.js';
import type { IssuerRuntime } from '../verify/issuer/issuer-runtime.js';
import { shapeOf } from '../verify/jws.js';
import type { ExplainSettings } from './explain-settings.js';
import { createKeep, type Keep } from './keep.js';
import { issuerRuntimes } from './runtime.js';
import { systemScheduler } from './system-scheduler.js';
import { recordTokenRequests } from './token-requests.js';
import { createUpstreamCredentials } from './upstream-credentials.js';
import { configuredHeaders, headerValues } from './upstream-values.js';

export const UPSTREAM = 'upstream';

/** Adds the last step to an explanation. `caller`: null if it is unknown. */
export type ExplainUpstream = (
  explanation: Explanation,
  caller: Caller | null,
  presented: Credential,
) => Promise<Explanation>;

/** The kinds that work for every caller, and need no server. */
const FIXED: ReadonlySet<string> = new Set(['none', 'static']);

const listed = (name: string, values: readonly string[]): Values =>
  values.length === 0 ? {} : { [name]: values };

const requestedValues = ({ audience, resource, scopes, parameters }: RequestedToken): Values => ({
  ...listed('audience', audience),
  ...listed('resource', resource),
  ...listed('scopes', scopes),
  // Their values may be secrets.
  ...listed('parameters', Object.keys(parameters)),
});

/** The configuration of the credential. */
function expectedCredential(
  { upstreamCredential: credential }: Endpoint,
  { identity }: ResolvedConfig,
): Values {
  const { kind } = credential;
  switch (kind) {
    case 'identity':
      return { credential: kind, iss: identity?.issuer, audience: credential.audience };
    case 'exchange':
    case 'client-credentials': {
      const { tokenUrl } = credential;
      return {
        credential: kind,
        'token endpoint': tokenUrl === null ? 'that of the metadata' : urlForLog(tokenUrl),
        ...requestedValues(credential),
        ...(kind === 'exchange' && credential.idJag !== null
          ? { 'idJag issuer': credential.idJag.issuer }
          : {}),
      };
    }
    default:
      return { credential: kind };
  }
}

/** The credential of this caller: that of its API key, or that of the endpoint. */
function credentialName(endpoint: Endpoint, { key }: Principal): string {
  const isSwapped = endpoint.apiKeys.length > 0 && (key?.upstreamAuthorization ?? null) !== null;
  return isSwapped
    ? `upstreamAuthorization of the key ${key?.name}`
    : endpoint.upstreamCredential.kind;
}

const ofPairs = (pairs: readonly string[], name: string): string => {
  const at = pairs.findIndex((one, i) => i % 2 === 0 && one === name);
  return at < 0 ? '' : (pairs[at + 1] ?? '');
};

/** The names of all claims, and the values of `aud` and `exp`. */
function identityValues(pairs: readonly string[]): Values {
  const shape = shapeOf(ofPairs(pairs, 'authorization').replace(/^Bearer /, ''));
  const claims = shape.kind === 'jws' ? shape.claims : null;
  if (claims === null) return {};
  const { aud, exp, iat } = claims;
  return {
    claims: Object.keys(claims),
    aud,
    exp: new Date(Number(exp) * 1000).toISOString(),
    lifeSeconds: Number(exp) - Number(iat),
  };
}

export function createExplainUpstream(
  settings: ExplainSettings,
  issuers: Keep<IssuerRuntime>,
  fetchJson: FetchJson,
): ExplainUpstream {
  const { config, endpoint } = settings;
  const { upstreamHeaders } = endpoint;
  const requests = recordTokenRequests(fetchJson, settings.clock);
  const shared = {
    ...settings,
    schedule: systemScheduler,
    issuers,
    upstreamCredentials: createKeep<PrincipalCredential>(),
    fetchJson,
  };
  const accepted = config.issuers.filter(({ issuer }) => endpoint.issuers.includes(issuer));
  const runtimes = issuerRuntimes(accepted, shared);
  const recorded = { ...shared, fetchJson: requests.fetchJson };
  const credential = createUpstreamCredentials(config, runtimes, recorded).of(endpoint);
  const headersAlone = createUpstreamCredential(noCredential, upstreamHeaders);
  const expected = {
    ...expectedCredential(endpoint, config),
    ...configuredHeaders(upstreamHeaders),
  };

  function observedOf(principal: Principal, headers: Result<readonly string[]>): Values {
    const name = credentialName(endpoint, principal);
    const asked = requests.take();
    const own = { credential: name, ...(asked.length === 0 ? {} : { requests: asked }) };
    if (!headers.ok) return own;
    return {
      ...own,
      ...headerValues(headers.value, upstreamHeaders),
      ...(name === 'identity' ? identityValues(headers.value) : {}),
    };
  }

  const ask = async (caller: Caller, presented: Credential): Promise<Result<readonly string[]>> =>
    credential.headers(caller, presented);

  /** No token endpoint sees a token that the gateway rejects. */
  async function notReached(
    caller: Caller | null,
    presented: Credential,
  ): Promise<ExplanationStep> {
    const headers = caller === null ? null : await headersAlone.headers(caller, presented);
    const failure = headers === null || headers.ok ? null : headers;
    const wouldPass = headers?.ok === true && FIXED.has(endpoint.upstreamCredential.kind);
    return { name: UPSTREAM, state: 'not reached', failure, wouldPass, observed: {}, expected };
  }

  return async ({ steps, failure }, caller, presented) => {
    if (failure !== null || caller === null || caller.kind === 'pass-through')
      return { steps: [...steps, await notReached(caller, presented)], failure };
    const headers = await ask(caller, presented).catch((cause: unknown) => gatewayFault({ cause }));
    const rejection = headers.ok ? null : headers;
    const step: ExplanationStep = {
      name: UPSTREAM,
      state: rejection === null ? 'pass' : 'fail',
      failure: rejection,
      wouldPass: false,
      observed: observedOf(caller, headers),
      expected,
    };
    return { steps: [...steps, step], failure: rejection };
  };
}
