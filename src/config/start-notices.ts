// Warns of settings that are valid and rarely meant: each notice says what to write. The start logs
// them once.
import type { Endpoint } from '../core/endpoint.js';
import { nearMiss } from '../core/near-miss.js';
import type { Notice } from '../core/notice.js';
import { keyNotices } from './key-notices.js';
import type { ResolvedConfig, ResolvedIssuer } from './resolved-config.js';
import { upstreamNotices } from './upstream-notices.js';

type Found = { readonly event: string; readonly detail: string } | null;

const isSlash = (parts: readonly string[]): boolean => parts.join() === 'the slash at the end';

/** Clients ask for tokens for the resource, and no token has its slash variant. */
function audienceSlash({ audience, resource }: Endpoint): Found {
  if (audience.includes(resource)) return null;
  const near = nearMiss(resource, audience, false);
  if (near === null || !isSlash(near.differs)) return null;
  const detail =
    `audience has ${near.known}, and not the resource ${resource}: only the slash at the end ` +
    'differs, and the gateway rejects tokens for the resource. Remove audience, or write ' +
    `audience: ${JSON.stringify([resource, ...audience])}`;
  return { event: 'config.audience_slash', detail };
}

/** A URL without any path. The operator of a server at / can write the slash. */
function upstreamPath({ upstream: { url } }: Endpoint): Found {
  if (!/^https?:\/\/[^/?#]+$/i.test(url)) return null;
  const detail =
    `the upstream ${url} has no path, and most MCP servers serve /mcp: write upstream: ${url}/mcp. ` +
    `For a server at the root write ${url}/`;
  return { event: 'config.upstream_path', detail };
}

/** The client compares the resource with the URL that it uses (RFC 9728 section 3.3). */
function resourceSlash({ resource, path }: Endpoint): Found {
  if (!/[^/]\/$/.test(new URL(resource).pathname)) return null;
  const bare = resource.replace(/\/+$/, '');
  const detail =
    `the resource ${resource} has a slash at the end, and the path ${path} has none. A client that ` +
    `uses the URL without the slash does not find it equal: write resource: ${bare}`;
  return { event: 'config.resource_slash', detail };
}

const CHECKS = [audienceSlash, upstreamPath, resourceSlash];

/** Anybody can make an account at these. */
const OF_EVERYBODY = new Set([
  'https://accounts.google.com',
  'https://github.com/login/oauth',
  'https://gitlab.com',
  'https://slack.com',
]);

/** Every account of the world gets a token. */
function openFacade({ issuer, facade }: ResolvedIssuer): Notice[] {
  const issued = facade?.issued ?? null;
  if (issued === null || Object.keys(issued.requiredClaims).length > 0) return [];
  if (!OF_EVERYBODY.has(issuer)) return [];
  const detail =
    `everybody with an account at ${issuer} gets a token. Write who may log in as ` +
    'facade.requiredClaims, unless the client at the issuer is for your organization alone';
  return [{ event: 'config.facade_open', level: 'warn', issuer, detail }];
}

/** The hosts of an endpoint have most of its settings in common. */
const once = (notices: readonly Notice[]): Notice[] => [
  ...new Map(notices.map((notice) => [JSON.stringify(notice), notice])).values(),
];

export const startNotices = (config: ResolvedConfig): Notice[] => [
  ...once(
    config.endpoints.flatMap((endpoint) =>
      [...CHECKS.flatMap((check) => check(endpoint) ?? []), ...upstreamNotices(endpoint)].map(
        (found): Notice => ({ ...found, level: 'warn', endpoint: endpoint.name }),
      ),
    ),
  ),
  ...config.issuers.flatMap(openFacade),
  ...keyNotices(config),
];
