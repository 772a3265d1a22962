// Checks the kinds of `upstream.credential` that ask a token endpoint, across fields. No token of a
// caller reaches another issuer, and no secret crosses an open network.
import { isAllowedUrl, isProtectedUrl } from '../core/loopback.js';
import type { PartialConfig, PartialEndpoint } from './partial-config.js';
import type { Path, Problem } from './problems.js';
import { canMetadataFollow } from './resolve-issuer.js';
import { TOKEN_METHODS } from './schema/client-authentication.js';
import { RESOURCE_HINT } from './schema/upstream-credential.js';
import { clientFieldProblems } from './validate-client.js';

export type Credential = NonNullable<NonNullable<PartialEndpoint['upstream']>['credential']>;
export type Of<K extends Credential['kind']> = Extract<
  Credential,
  { readonly kind?: K | undefined }
>;

/** One endpoint whose credential has a known kind. */
export interface Place<C = Credential> {
  readonly credential: C;
  readonly endpoint: PartialEndpoint;
  /** That of the endpoint. */
  readonly at: Path;
  /** That of the credential. */
  readonly path: Path;
  readonly config: PartialConfig;
}

/** Client secrets and tokens of callers travel to it. */
function tokenUrlProblems(url: string | undefined, isAllowed: boolean, path: Path, how: string) {
  if (url === undefined || isAllowed) return [];
  const message = `write an https URL such as https://auth.example.com/token (http only on loopback${how})`;
  return [{ path: [...path, 'tokenUrl'], message }];
}

const INSECURE = ', or with allowInsecureHttp: true on a private network';

export function clientCredentialsProblems({
  credential,
  path,
}: Place<Of<'client-credentials'>>): Problem[] {
  const { tokenUrl, allowInsecureHttp } = credential;
  const isAllowed = allowInsecureHttp === undefined || isAllowedUrl(tokenUrl, allowInsecureHttp);
  return [
    ...clientFieldProblems(credential, path, TOKEN_METHODS),
    ...tokenUrlProblems(tokenUrl, isAllowed, path, INSECURE),
  ];
}

/** The exchange sends the token of the caller to its issuer, so there is exactly one. */
function exchangeIssuerProblems({
  credential,
  endpoint,
  at,
  path,
  config,
}: Place<Of<'exchange'>>): Problem[] {
  const { tokenUrl } = credential;
  const { issuers = [] } = endpoint;
  if (config.isBad([...at, 'issuers'])) return [];
  if (issuers.length === 0) {
    const message =
      'the issuer of the endpoint exchanges its tokens, and this endpoint has none; add issuers, ' +
      'or write another kind';
    return [{ path: [...path, 'kind'], message }];
  }
  if (new Set(issuers).size > 1) {
    const message =
      'kind: exchange sends the token of a caller to its issuer, so the endpoint can have only one ' +
      'issuer. Write one issuer here, and an endpoint of its own for each other issuer';
    return [{ path: [...at, 'issuers'], message }];
  }
  const own = config.issuers.get(issuers[0] ?? '');
  if (own?.issuer === undefined || own.allowInsecureHttp === undefined) return [];
  const { issuer, metadataUrl, allowInsecureHttp } = own;
  const isKnown =
    tokenUrl !== undefined ||
    metadataUrl !== undefined ||
    config.isBad([...path, 'tokenUrl']) ||
    config.isBad(['issuers', issuers[0] as string, 'metadataUrl']) ||
    canMetadataFollow(issuer, allowInsecureHttp);
  if (!isKnown) {
    const message = 'the issuer is not a URL with metadata; write its token endpoint';
    return [{ path: [...path, 'tokenUrl'], message }];
  }
  const isAllowed = isAllowedUrl(tokenUrl, allowInsecureHttp);
  return tokenUrlProblems(tokenUrl, isAllowed, path, `${INSECURE} at the issuer`);
}

function idJagProblems({ credential, endpoint, path, config }: Place<Of<'exchange'>>): Problem[] {
  const { idJag, audience, grant } = credential;
  if (idJag === undefined) return [];
  const place = [...path, 'idJag'];
  const problems = [
    ...clientFieldProblems(idJag, place, TOKEN_METHODS),
    ...tokenUrlProblems(idJag.tokenUrl, isProtectedUrl(idJag.tokenUrl), place, ''),
  ];
  // A server must not accept an ID-JAG that it issued.
  const own = config.issuers.get(endpoint.issuers?.[0] ?? '')?.issuer;
  if (own !== undefined && own === idJag.issuer) {
    const message =
      'this is the issuer of the endpoint, which accepts no ID-JAG of its own; write the ' +
      'authorization server of the upstream, or remove idJag';
    problems.push({ path: [...place, 'issuer'], message });
  }
  if (audience !== undefined) {
    const message = 'with idJag the audience is idJag.issuer; remove it, and write resource';
    problems.push({ path: [...path, 'audience'], message });
  }
  if (grant === 'on-behalf-of') {
    const message = 'idJag needs grant: token-exchange; write that, or remove idJag';
    problems.push({ path: [...path, 'grant'], message });
  }
  return problems;
}

/** Without it, the issuer could answer with a token for any server. */
function targetProblems({ credential, path, config: { isBad } }: Place<Of<'exchange'>>): Problem[] {
  const { audience, resource, idJag, grant, scopes } = credential;
  const isGiven = (field: 'audience' | 'resource'): boolean =>
    credential[field] !== undefined || isBad([...path, field]);
  const problems: Problem[] = [];
  if (idJag !== undefined && !isGiven('resource'))
    problems.push({ path: [...path, 'resource'], message: RESOURCE_HINT });
  if (idJag === undefined && audience === undefined && resource === undefined) {
    if (!isGiven('audience') && !isGiven('resource')) {
      const message =
        'write the audience that the upstream expects, such as files-backend, or its resource ' +
        'identifier as resource';
      problems.push({ path: [...path, 'audience'], message });
    }
  }
  if (grant === 'on-behalf-of' && idJag === undefined && scopes?.length === 0) {
    const message =
      'the issuer finds the upstream by the scopes; write them, such as ' +
      '[api://files-backend/.default]';
    problems.push({ path: [...path, 'scopes'], message });
  }
  return problems;
}

export const exchangeProblems = (place: Place<Of<'exchange'>>): Problem[] => [
  ...clientFieldProblems(place.credential, place.path, TOKEN_METHODS),
  ...exchangeIssuerProblems(place),
  ...targetProblems(place),
  ...idJagProblems(place),
];
