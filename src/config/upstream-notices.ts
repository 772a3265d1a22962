// Warns of valid settings that are risky for an upstream: the caller's own token, names that two
// issuers share, a credential without a scheme. Never shows a secret.
import type { Endpoint } from '../core/endpoint.js';

interface Found {
  readonly event: string;
  readonly detail: string;
}

/** How many sources name callers: the issuers, and the registry of API keys. */
const sourcesOf = ({ issuers, apiKeys }: Endpoint): number =>
  issuers.length + (apiKeys.length > 0 ? 1 : 0);

function tokenForwarded({ upstreamCredential: { kind } }: Endpoint): Found | null {
  if (kind !== 'forward') return null;
  const detail =
    'the upstream gets the token of each caller, and can use it wherever the caller can. Keep ' +
    'kind: forward only for a server that you run. Otherwise write kind: exchange or identity';
  return { event: 'config.token_forwarded', detail };
}

/** Claims that are such a fact under another name. */
const CLAIM_FACTS: ReadonlyMap<string | null, string> = new Map([
  ['sub', 'subject'],
  ['iss', 'issuer'],
]);

/** Two issuers can give one name to two users. */
function subjectAmbiguous(endpoint: Endpoint): Found | null {
  if (sourcesOf(endpoint) < 2) return null;
  const { upstreamCredential, upstreamHeaders } = endpoint;
  const facts = upstreamHeaders.map((header) =>
    header.kind === 'template' ? (CLAIM_FACTS.get(header.claim) ?? header.fact) : null,
  );
  const hasHeader = facts.includes('subject') && !facts.includes('issuer');
  const isIdentity = upstreamCredential.kind === 'identity';
  if (!hasHeader && !isIdentity) return null;
  const write = [
    ...(isIdentity
      ? ['the upstream must tell callers apart by sub_id of the JWT, not by sub']
      : []),
    ...(hasHeader ? ['add a header with {issuer?} beside {subject}'] : []),
  ];
  const detail =
    'a subject is unique within one issuer only, and this endpoint has callers of several ' +
    `issuers, or API keys too: ${write.join(', and ')}`;
  return { event: 'config.subject_ambiguous', detail };
}

function authorizationBare({ upstreamCredential }: Endpoint): Found | null {
  if (upstreamCredential.kind !== 'static' || upstreamCredential.header !== 'authorization')
    return null;
  if (upstreamCredential.value.reveal().includes(' ')) return null;
  const detail =
    'the secret of upstream.credential.authorization is the whole value of the header, and has no ' +
    'scheme. Write the scheme into the secret, such as Bearer and a space before the token';
  return { event: 'config.upstream_authorization_bare', detail };
}

/** About one endpoint. */
export const upstreamNotices = (endpoint: Endpoint): Found[] =>
  [tokenForwarded, subjectAmbiguous, authorizationBare].flatMap((check) => check(endpoint) ?? []);
