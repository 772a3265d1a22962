// Finds valid settings that are often a mistake, and as often meant: two tenants at one server, an
// issuer without endpoints, audiences without the resource. `check` asks about them. The start is
// silent, because they may be right for years.
import type { ResolvedConfig } from '../config/resolved-config.js';
import type { Endpoint } from '../core/endpoint.js';
import { nearMiss } from '../core/near-miss.js';
import { type CheckFinding, warn } from './check-finding.js';
import { fingerprintOf } from './keep.js';

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

function unusedIssuers({ issuers, endpoints }: Pick<ResolvedConfig, 'issuers' | 'endpoints'>) {
  const used = new Set(endpoints.flatMap((endpoint) => endpoint.issuers));
  return issuers
    .filter(({ issuer }) => !used.has(issuer))
    .map(({ issuer }): CheckFinding => {
      const verdict = warn(
        'no endpoint accepts its tokens: is it still needed?',
        'add its name to issuers of an endpoint, or remove it',
      );
      return { about: `issuer ${issuer}`, name: 'use', ...verdict };
    });
}

function audienceWithoutResource({ name, audience, resource }: Endpoint): CheckFinding[] {
  // A list that almost has it is a warning of the start.
  if (audience.includes(resource) || nearMiss(resource, audience, false) !== null) return [];
  const verdict = warn(
    `audience lacks the resource ${resource}: does the issuer write ${shownNames(audience)} ` +
      'into the tokens of clients that ask for it (RFC 8707)?',
    `add the resource if not: audience: ${JSON.stringify([resource, ...audience.slice(0, SHOWN)])}`,
  );
  return [{ about: `endpoint ${name}`, name: 'audience', ...verdict }];
}

/** The hosts of an endpoint share its name and its lists. */
const once = (findings: readonly CheckFinding[]): CheckFinding[] => [
  ...new Map(findings.map((one) => [`${one.about} ${one.name}`, one])).values(),
];

export const questions = (
  config: Pick<ResolvedConfig, 'issuers' | 'endpoints'>,
): CheckFinding[] => [
  ...sharedUpstreams(config.endpoints),
  ...unusedIssuers(config),
  ...once(config.endpoints.flatMap(audienceWithoutResource)),
];
