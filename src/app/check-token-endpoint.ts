// Checks the token endpoints of upstream credentials. It sends grants that no server can fulfil: a
// made-up token of a caller, or a made-up authorization code. So no server issues a token.
import type { ResolvedConfig } from '../config/resolved-config.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Failure } from '../core/failure.js';
import { exchangeGatewayRejected, exchangeRefused } from '../core/failures.js';
import type { Result } from '../core/result.js';
import type {
  ClientCredentialsCredential,
  ExchangeCredential,
  IdJagServer,
} from '../core/upstream-credential.js';
import { JWT_BEARER } from '../proxy/credentials/exchange.js';
import { connectionFix, fail, ok, parted, type Verdict, warn } from './check-finding.js';
import {
  type CheckDependencies,
  type IssuerProbe,
  isPage,
  type RecordedFetch,
  recordedSurroundings,
} from './check-probe.js';
import { exchangeAt, idJagClient, ownTokenClient } from './exchanges.js';

/** No client has registered it, and `.invalid` has no address (RFC 2606). */
const REDIRECT_URI = 'https://portcullis.invalid/callback';

/** The error of RFC 6749 section 5.2 at the end of a detail. */
const errorOf = (detail: string): string => / ([a-z_]+)$/.exec(detail)?.[1] ?? '';

const REFUSALS: Readonly<Record<string, Verdict['fix']>> = {
  invalid_client: 'compare clientId, auth and audience of upstream.credential with the server',
  unauthorized_client: 'allow this grant for the client of the gateway at the server',
  unsupported_grant_type: 'this server does not offer the grant: turn it on, or correct tokenUrl',
  invalid_target: 'correct audience and resource of upstream.credential',
  invalid_scope: 'correct scopes of upstream.credential',
};

function unreached(failure: Failure, recorded: RecordedFetch): Verdict {
  const { observed, fix } = parted(failure.detail ?? failure.definition.reason);
  if (failure.definition === exchangeGatewayRejected.definition)
    return fail(`rejects the credentials of the gateway (${observed})`, fix);
  const [fault] = recorded.faults();
  if (fault !== undefined && observed.includes(fault)) return fail(observed, connectionFix(fault));
  const page = recorded.answers().some(isPage) ? ' (an HTML page)' : '';
  return fail(`${observed}${page}`, fix ?? 'read the log of the server: it cannot answer');
}

function exchangeVerdict(result: Result<unknown>, recorded: RecordedFetch): Verdict {
  if (result.ok)
    return fail(
      'gives a token for a made-up token',
      'correct tokenUrl: this server does not check the token that it exchanges',
    );
  if (result.definition !== exchangeRefused.definition) return unreached(result, recorded);
  const detail = result.detail ?? 'status 400';
  const fix = REFUSALS[errorOf(detail)];
  return fix === undefined
    ? ok(`accepts the gateway, and rejects a made-up token (${detail})`)
    : fail(`rejects the exchange (${detail})`, fix);
}

async function checkExchange(
  config: ExchangeCredential,
  probe: IssuerProbe,
  path: string,
  dependencies: CheckDependencies,
): Promise<Verdict | null> {
  const { metadata } = probe.runtime;
  if (config.tokenUrl === null && metadata.last() === null && !(await metadata.get(null)).ok)
    return null;
  const { recorded, surroundings } = recordedSurroundings(dependencies);
  const exchange = exchangeAt(config, metadata, path, surroundings);
  return exchangeVerdict(await exchange(dependencies.madeUp, false), recorded);
}

/** A real request would make the server issue a token. */
async function checkOwnClient(
  config: ClientCredentialsCredential,
  path: string,
  dependencies: CheckDependencies,
): Promise<Verdict> {
  const { recorded, surroundings } = recordedSurroundings(dependencies);
  const client = ownTokenClient(config, 'caller', path, surroundings);
  const { madeUp: code } = dependencies;
  const grant = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI };
  const result = await client.request(new URLSearchParams(grant), false);
  if (result.ok) return warn('gives a token for a made-up authorization code');
  if (result.definition !== exchangeRefused.definition) return unreached(result, recorded);
  const detail = result.detail ?? 'status 400';
  const error = errorOf(detail);
  if (error === 'invalid_client') return fail(`rejects the client (${detail})`, REFUSALS[error]);
  return ok(`does not reject the gateway, and rejects a made-up code (${detail})`);
}

/** The assertion is made up, because only the issuer can make one. */
async function checkIdJagServer(
  server: IdJagServer,
  path: string,
  dependencies: CheckDependencies,
): Promise<Verdict> {
  const { recorded, surroundings } = recordedSurroundings(dependencies);
  const client = idJagClient(server, path, surroundings);
  const grant = { grant_type: JWT_BEARER, assertion: dependencies.madeUp };
  return exchangeVerdict(await client.request(new URLSearchParams(grant), false), recorded);
}

/** By name. Empty: the endpoint needs no token endpoint, or its issuer has a finding about that. */
export async function checkTokenEndpoints(
  { path, upstreamCredential: credential }: Endpoint,
  probes: ReadonlyMap<string, IssuerProbe>,
  dependencies: CheckDependencies,
): Promise<Readonly<Record<string, Verdict | null>>> {
  if (credential.kind === 'client-credentials')
    return { 'token endpoint': await checkOwnClient(credential, path, dependencies) };
  if (credential.kind !== 'exchange') return {};
  const { idJag } = credential;
  const probe = probes.get(credential.issuer) as IssuerProbe;
  return {
    'token endpoint': await checkExchange(credential, probe, path, dependencies),
    ...(idJag === null
      ? {}
      : { 'token endpoint of idJag': await checkIdJagServer(idJag, path, dependencies) }),
  };
}

/** The issuers whose metadata an exchange needs. */
export const exchangingIssuers = ({ endpoints }: Pick<ResolvedConfig, 'endpoints'>): Set<string> =>
  new Set(
    endpoints.flatMap(({ upstreamCredential: one }) =>
      one.kind === 'exchange' && one.tokenUrl === null ? one.issuer : [],
    ),
  );
