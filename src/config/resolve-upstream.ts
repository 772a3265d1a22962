// Resolves the upstream of an endpoint: where it is, what the gateway presents to it, and which
// headers the gateway sets.
import type { Endpoint } from '../core/endpoint.js';
import { type Secret, secret } from '../core/secret.js';
import type {
  HeaderFact,
  RequestedToken,
  TokenEndpoint,
  UpstreamCredentialConfig,
  UpstreamHeader,
} from '../core/upstream-credential.js';
import { headerSecretProblems } from './header-secrets.js';
import type { Partially } from './partial-parse.js';
import type { Path, Problem } from './problems.js';
import { clientProblems, resolveClient } from './resolve-client.js';
import type { WithSecrets } from './resolve-secrets.js';
import type { EndpointInput } from './schema/endpoint.js';
import { partsOf } from './schema/header-template.js';
import type {
  ClientCredentialsInput,
  ExchangeInput,
  UpstreamCredentialInput,
} from './schema/upstream-credential.js';

type Input = WithSecrets<EndpointInput>['upstream'];
type TokenInput = WithSecrets<ExchangeInput> | WithSecrets<ClientCredentialsInput>;

const CLAIM = 'claim.';

function resolveHeader([name, value]: [string, string | Secret]): UpstreamHeader {
  const lower = name.toLowerCase();
  if (typeof value !== 'string') return { kind: 'constant', name: lower, value };
  const parts = partsOf(value);
  if (parts === null) return { kind: 'constant', name: lower, value: secret(value) };
  const [before, fact, mark, after] = parts;
  const isClaim = fact.startsWith(CLAIM);
  return {
    kind: 'template',
    name: lower,
    before,
    fact: isClaim ? 'claim' : (fact as HeaderFact),
    claim: isClaim ? fact.slice(CLAIM.length) : null,
    isOptional: mark === '?',
    after,
  };
}

const requested = (input: TokenInput): Omit<TokenEndpoint, 'tokenUrl'> & RequestedToken => ({
  audience: input.audience ?? [],
  resource: input.resource ?? [],
  scopes: input.scopes,
  parameters: input.parameters,
  client: resolveClient(input),
  timeoutMs: input.timeoutMs,
  maxConcurrentRequests: input.maxConcurrentRequests,
});

/** `issuer`: the only issuer of the endpoint, where the kind needs one. */
function resolveCredential(
  input: WithSecrets<UpstreamCredentialInput>,
  issuer: string,
): UpstreamCredentialConfig {
  switch (input.kind) {
    case 'static':
      return input.authorization === undefined
        ? {
            kind: 'static',
            header: (input.header as string).toLowerCase(),
            value: input.value as Secret,
          }
        : { kind: 'static', header: 'authorization', value: input.authorization };
    case 'exchange': {
      const { idJag, tokenUrl, timeoutMs, maxConcurrentRequests, grant } = input;
      return {
        kind: 'exchange',
        issuer,
        tokenUrl: tokenUrl ?? null,
        grant,
        ...requested(input),
        idJag:
          idJag === undefined
            ? null
            : {
                issuer: idJag.issuer,
                tokenUrl: idJag.tokenUrl ?? null,
                client: resolveClient(idJag),
                timeoutMs,
                maxConcurrentRequests,
              },
      };
    }
    case 'client-credentials':
      return { kind: 'client-credentials', tokenUrl: input.tokenUrl, ...requested(input) };
    default:
      return input;
  }
}

type PartialEndpoints = WithSecrets<Partially<readonly EndpointInput[]>>;
type PartialUpstream = NonNullable<NonNullable<PartialEndpoints[number]>['upstream']>;

function credentialSecretProblems({ credential }: PartialUpstream, path: Path): Problem[] {
  switch (credential?.kind) {
    case 'static':
      return [
        ...headerSecretProblems(credential.authorization, [...path, 'authorization']),
        ...headerSecretProblems(credential.value, [...path, 'value']),
      ];
    case 'exchange':
      return [
        ...clientProblems(credential, path),
        ...clientProblems(credential.idJag ?? {}, [...path, 'idJag']),
      ];
    case 'client-credentials':
      return clientProblems(credential, path);
    default:
      return [];
  }
}

/** Secrets of the wrong form. */
export const upstreamSecretProblems = (endpoints: PartialEndpoints): Problem[] =>
  endpoints.flatMap((endpoint, i) => {
    const upstream = endpoint?.upstream;
    if (upstream === undefined) return [];
    const path = ['endpoints', i, 'upstream'];
    const headers = Object.entries(
      (upstream.headers ?? {}) as Readonly<Record<string, string | Secret | undefined>>,
    );
    return [
      ...credentialSecretProblems(upstream, [...path, 'credential']),
      ...headers.flatMap(([name, value]) =>
        typeof value === 'string' ? [] : headerSecretProblems(value, [...path, 'headers', name]),
      ),
    ];
  });

export function resolveUpstream(
  { credential, headers, ...upstream }: Input,
  issuers: readonly string[],
): Pick<Endpoint, 'upstream' | 'upstreamCredential' | 'upstreamHeaders'> {
  const { origin, pathname, search } = new URL(upstream.url);
  return {
    upstream: { ...upstream, origin, target: pathname + search },
    upstreamCredential: resolveCredential(credential, issuers[0] as string),
    upstreamHeaders: Object.entries(headers as Record<string, string | Secret>).map(resolveHeader),
  };
}
