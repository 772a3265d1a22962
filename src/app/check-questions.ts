// Finds valid settings that are often a mistake, and as often meant: two tenants at one server, an
// issuer without endpoints, audiences without the resource. `check` asks about them. The start is
// silent, because they may be right for years.
import type { ResolvedConfig } from '../config/resolved-config.js';
import type { Endpoint } from '../core/endpoint.js';
import { nearMiss } from '../core/near-miss.js';
import { type CheckFinding, warn } from './check-finding.js';
import { acceptedIssuer } from './issued-tokens.js';
import { fingerprintOf } from './keep.js';

type Asked = Pick<ResolvedConfig, 'issuers' | 'endpoints'>;

/** More names would fill the screen. */
const SHOWN = 20;

const shownNames = (names: readonly string[]): string =>
  names.slice(0, SHOWN).join(', ') +
  (names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '');

/** The upstream learns who calls, so it can tell tenants apart. */
const seesCallers = ({ upstreamCredential, upstreamHeaders, passThrough }: Endpoint): boolean =>
  ['identity', 'exchange', 'forward'].includes(upstreamCredential.kind) ||
  upstreamHeaders.some(({ kind }) => kind === 'template') ||
  passThrough.length > 0;

const haveCommonIssuer = ([first, ...others]: readonly Endpoint[]): boolean =>
  first?.issuers.some((one) => others.every(({ issuers }) => issuers.includes(one))) === true;

/** Endpoints whose upstream gets the same from all of them. */
function sharedUpstreams(endpoints: readonly Endpoint[]): CheckFinding[] {
  const groups = new Map<string, Map<string, Endpoint>>();
  for (const endpoint of endpoints) {
    const { name, issuers, upstream, upstreamCredential, upstreamHeaders } = endpoint;
    if (issuers.length === 0 || seesCallers(endpoint)) continue;
    const key = fingerprintOf([upstream.url, upstreamCredential, upstreamHeaders]);
    groups.set(key, (groups.get(key) ?? new Map<string, Endpoint>()).set(name, endpoint));
  }
  return [...groups.values()].flatMap((group): CheckFinding[] => {
    const [first = '', ...others] = group.keys();
    if (others.length === 0 || haveCommonIssuer([...group.values()])) return [];
    const verdict = warn(
      `has other issuers than ${shownNames(others)}, and the same upstream: is this one server ` +
        'for several tenants? It gets nothing that tells their callers apart',
      'correct upstream.url if not. If so, add upstream.headers with {issuer}, or write another ' +
        'credential for each',
    );
    return [{ about: `endpoint ${first}`, name: 'shared upstream', ...verdict }];
  });
}

/** One finding for all: a list of tenants may have thousands. */
function unusedIssuers({ issuers, endpoints }: Asked): CheckFinding[] {
  const used = new Set(endpoints.flatMap((endpoint) => endpoint.issuers));
  const unused = issuers.flatMap((one) => (used.has(acceptedIssuer(one)) ? [] : one.issuer));
  if (unused.length === 0) return [];
  const verdict = warn(
    `no endpoint accepts tokens of ${shownNames(unused)}: is this meant?`,
    'add the name to issuers of an endpoint, or remove the issuer',
  );
  return [{ about: 'issuers', name: 'use', ...verdict }];
}

/** A list that almost has it is a warning of the start. */
const lacksResource = ({ audience, resource }: Endpoint): boolean =>
  !audience.includes(resource) && nearMiss(resource, audience, false) === null;

/** The hosts of an endpoint share its name and its lists. */
function audienceWithoutResource({ endpoints }: Asked): CheckFinding[] {
  const lacking = endpoints.filter(lacksResource);
  const [first] = lacking;
  if (first === undefined) return [];
  const names = [...new Set(lacking.map(({ name }) => name))];
  const complete = JSON.stringify([first.resource, ...first.audience.slice(0, SHOWN)]);
  const verdict = warn(
    `the audience of ${shownNames(names)} lacks the resource itself: does the issuer write ` +
      'another audience into tokens for it (RFC 8707)?',
    `add the resource if not, for ${first.name}: audience: ${complete}`,
  );
  return [{ about: 'endpoints', name: 'audience', ...verdict }];
}

export const questions = (config: Asked): CheckFinding[] => [
  ...sharedUpstreams(config.endpoints),
  ...unusedIssuers(config),
  ...audienceWithoutResource(config),
];
