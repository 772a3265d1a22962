// Checks `upstream.credential` across fields: what each kind needs, and for which callers it can
// serve. No pass-through caller gets a credential.
import { nameOf } from './endpoint-places.js';
import type { Check } from './partial-config.js';
import type { Problem } from './problems.js';
import { SECRET_HINT } from './schema/secret-reference.js';
import {
  type Credential,
  clientCredentialsProblems,
  exchangeProblems,
  type Of,
  type Place,
} from './validate-token-endpoints.js';

const SHOWN_NAMES = 10;

function staticProblems({ credential, path, config: { isBad } }: Place<Of<'static'>>): Problem[] {
  const { authorization, header, value } = credential;
  const isGiven = (field: 'authorization' | 'header' | 'value'): boolean =>
    credential[field] !== undefined || isBad([...path, field]);
  if (isGiven('authorization') && (header !== undefined || value !== undefined)) {
    const message = 'write either authorization, or header and value';
    return [{ path, message }];
  }
  if (authorization !== undefined || isGiven('authorization')) return [];
  if (!isGiven('header') && !isGiven('value')) {
    const message =
      'write authorization: "${env:UPSTREAM_TOKEN}", or header: X-Api-Key and value: ' +
      '"${env:UPSTREAM_KEY}"';
    return [{ path, message }];
  }
  if (!isGiven('value')) return [{ path: [...path, 'value'], message: SECRET_HINT }];
  if (isGiven('header')) return [];
  return [
    { path: [...path, 'header'], message: 'write the header of the value, such as X-Api-Key' },
  ];
}

function identityProblems({ path, config: { root, isBad } }: Place<Of<'identity'>>): Problem[] {
  if (root.identity !== undefined || isBad(['identity'])) return [];
  const message =
    'there are no keys that sign; add identity: { keys: ["${file:/run/secrets/identity.pem}"] } ' +
    'to the root';
  return [{ path: [...path, 'kind'], message }];
}

/** The keys of the configuration that an endpoint accepts and that have no header of their own. */
function keysWithout({ endpoint, config, at }: Place): string[] {
  if (endpoint.apiKeys === undefined) return [];
  const name = nameOf(config, [at[1] as number, endpoint]);
  return Object.entries(config.root.apiKeys ?? {}).flatMap(([keyName, key]) => {
    const isBad = config.isBad(['apiKeys', keyName, 'upstreamAuthorization']);
    const isForIt = key?.endpoints === undefined || name === null || key.endpoints.includes(name);
    return key === undefined || isBad || key.upstreamAuthorization !== undefined || !isForIt
      ? []
      : [keyName];
  });
}

/** No issuer can exchange an API key, and the gateway never forwards one. */
function keyProblems(place: Place<Of<'exchange' | 'forward'>>): Problem[] {
  const { credential, endpoint, path, config } = place;
  const kind = credential.kind as string;
  const at = [...path, 'kind'];
  const hasNoIssuer = endpoint.issuers === undefined && !config.isBad([...place.at, 'issuers']);
  if (hasNoIssuer && endpoint.apiKeys !== undefined) {
    // `exchangeProblems` reports it.
    if (kind === 'exchange') return [];
    const message =
      'all callers of this endpoint have API keys, and no key is forwarded; write kind: none and ' +
      'upstreamAuthorization for each key';
    return [{ path: at, message }];
  }
  const names = keysWithout(place);
  if (names.length === 0) return [];
  const more = names.length > SHOWN_NAMES ? ` and ${names.length - SHOWN_NAMES} more` : '';
  const shown = names.slice(0, SHOWN_NAMES).join(', ') + more;
  const message =
    `${kind} needs a token, and these API keys have none: ${shown}; give each ` +
    'upstreamAuthorization, or other endpoints';
  return [{ path: at, message }];
}

/**
 * The upstream verifies such callers itself. It would take a credential of the gateway for one of a
 * caller.
 */
function passThroughProblems({ credential, endpoint, path }: Place): Problem[] {
  if (credential.kind === 'none' || (endpoint.passThrough ?? []).length === 0) return [];
  const message =
    'the upstream of passThrough verifies its callers itself, so it can trust no credential of ' +
    'the gateway. Write kind: none, or give these callers an endpoint of their own';
  return [{ path: [...path, 'kind'], message }];
}

function problemsOf(place: Place): Problem[] {
  const { kind } = place.credential;
  const as = <K extends Credential['kind']>(_kind: K): Place<Of<K>> => place as Place<Of<K>>;
  switch (kind) {
    case 'static':
      return staticProblems(as(kind));
    case 'identity':
      return identityProblems(as(kind));
    case 'client-credentials':
      return clientCredentialsProblems(as(kind));
    case 'exchange':
      return [...exchangeProblems(as(kind)), ...keyProblems(as(kind))];
    case 'forward':
      return keyProblems(as(kind));
    default:
      return [];
  }
}

const credentialsFit: Check = (config) =>
  [...config.endpoints].flatMap(([i, endpoint]): Problem[] => {
    const credential = endpoint.upstream?.credential;
    if (credential?.kind === undefined) return [];
    const at = ['endpoints', i];
    const path = [...at, 'upstream', 'credential'];
    const place = { credential, endpoint, at, path, config };
    return [...problemsOf(place), ...passThroughProblems(place)];
  });

export const credentialChecks: readonly Check[] = [credentialsFit];
