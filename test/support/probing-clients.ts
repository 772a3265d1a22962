// The table of published clients: how each finds out where to log in. It has the request that
// starts it, the places in order, the answers it accepts, and those that make it give up.
//
// Written from their sources where those are public, and from observed requests otherwise.

export type Document = Readonly<Record<string, unknown>>;

export interface Challenge {
  readonly metadata?: string | undefined;
  readonly scope?: string | undefined;
}

export interface ProbingClient {
  readonly name: string;
  /** The request whose 401 makes it log in. */
  readonly probe: { readonly method: 'POST' | 'GET' | 'HEAD'; readonly headers: Record<string, string> };
  /** Headers of its requests for documents. */
  readonly headers: Record<string, string>;
  /** Authorization server metadata that it looks for at the MCP server first. It needs one. */
  readonly first?: (mcp: URL) => string[];
  /** The same, but it continues without it. */
  readonly looks?: (mcp: URL) => string[];
  /** The challenge that it reads from WWW-Authenticate; null: it reads none. */
  readonly reads: (line: string, mcp: URL) => Challenge | null;
  /** Where it looks for the resource metadata. */
  readonly resourceAt: (mcp: URL, challenge: Challenge) => string[];
  /** Whether it continues with the next place after this status. */
  readonly goesOn: (status: number) => boolean;
  /** Whether it accepts the `resource` for the URL that its user typed. */
  readonly takes: (resource: string, mcp: URL) => boolean;
  /** Where it looks for the metadata of an authorization server. */
  readonly serverAt: (issuer: string) => string[];
  readonly believes: (named: unknown, issuer: string) => boolean;
  /** Members that the metadata must have beside the endpoints. */
  readonly wants: readonly string[];
  readonly scope: (challenge: Challenge, resource: Document, server: Document) => string | undefined;
  /** RFC 8707. */
  readonly resource: (resource: string, mcp: URL) => string;
  /** Header lines of its calls. */
  readonly calls: Record<string, string>;
}

const PRM = '/.well-known/oauth-protected-resource';
const OAUTH = '/.well-known/oauth-authorization-server';
const OIDC = '/.well-known/openid-configuration';

const pathOf = (url: URL): string => (url.pathname === '/' ? '' : url.pathname.replace(/\/$/, ''));

/** Inserted, OpenID inserted, OpenID after the path; at the root only two. */
const threeForms = (issuer: string): string[] => {
  const url = new URL(issuer);
  const path = pathOf(url);
  if (path === '') return [`${url.origin}${OAUTH}`, `${url.origin}${OIDC}`];
  return [`${url.origin}${OAUTH}${path}`, `${url.origin}${OIDC}${path}`, `${url.origin}${path}${OIDC}`];
};
const pathThenRoot = (mcp: URL): string[] => [`${mcp.origin}${PRM}${pathOf(mcp)}`, `${mcp.origin}${PRM}`];
/** It follows a pointer and nothing else; without one it guesses. */
const pointerOrGuess = (mcp: URL, { metadata }: Challenge): string[] => (metadata === undefined ? pathThenRoot(mcp) : [metadata]);
const pointerThenGuess = (mcp: URL, { metadata }: Challenge): string[] => [
  ...(metadata === undefined ? [] : [metadata]),
  ...pathThenRoot(mcp),
];

const parameter = (line: string, name: string): string | undefined =>
  new RegExp(`${name}="([^"]*)"`).exec(line)?.[1] ?? new RegExp(`${name}=([^\\s,]+)`).exec(line)?.[1];
const parameters = (line: string): Challenge => ({
  metadata: parameter(line, 'resource_metadata'),
  scope: parameter(line, 'scope'),
});

/** The SDKs: same origin, and the same path or one above. */
const isAbove = (resource: string, mcp: URL): boolean => {
  const { origin, pathname } = new URL(resource);
  return origin === mcp.origin && `${pathOf(mcp)}/`.startsWith(`${pathname.replace(/\/$/, '')}/`);
};
/** VS Code compares the texts of the URLs. */
export const vsCodeTakes = (resource: string, mcp: URL): boolean => new URL(resource).toString() === mcp.toString();
/** Gemini CLI compares scheme, host and path. */
export const geminiTakes = (resource: string, mcp: URL): boolean => {
  const url = new URL(resource);
  return url.protocol === mcp.protocol && url.host === mcp.host && url.pathname === mcp.pathname;
};

const exactly = (named: unknown, issuer: string): boolean => named === issuer;
const scopesOf = ({ scopes_supported }: Document): string | undefined =>
  Array.isArray(scopes_supported) ? scopes_supported.join(' ') : undefined;
const challengedFirst: ProbingClient['scope'] = ({ scope }, resource) => scope ?? scopesOf(resource);
const is4xx = (status: number): boolean => status >= 400 && status < 500;
const BOTH = 'application/json, text/event-stream';

const sdk2: ProbingClient = {
  name: 'TypeScript SDK 2.x',
  probe: { method: 'POST', headers: { accept: BOTH, 'content-type': 'application/json' } },
  headers: { accept: 'application/json', 'mcp-protocol-version': '2025-11-25' },
  reads: (line) => (line.split(' ')[0]?.toLowerCase() === 'bearer' ? parameters(line) : null),
  resourceAt: pointerOrGuess,
  goesOn: (status) => is4xx(status) || status === 502,
  takes: isAbove,
  serverAt: threeForms,
  // It accepts a slash that the list has and the document lacks, but not the reverse.
  believes: (named, issuer) => named === issuer || `${named}/` === issuer,
  wants: [],
  scope: challengedFirst,
  resource: (resource) => new URL(resource).href,
  calls: {},
};
const sdk1: ProbingClient = { ...sdk2, name: 'TypeScript SDK 1.x', goesOn: is4xx, believes: () => true };

const rmcp: ProbingClient = {
  ...sdk2,
  name: 'rmcp',
  probe: { method: 'GET', headers: { 'mcp-protocol-version': '2024-11-05' } },
  headers: { 'mcp-protocol-version': '2024-11-05' },
  reads: (line, mcp) => {
    const { metadata, scope } = parameters(line);
    const pointer = metadata === undefined ? undefined : new URL(metadata, mcp);
    return { metadata: pointer?.origin === mcp.origin ? pointer.href : undefined, scope };
  },
  resourceAt: (mcp, { metadata }) => [
    ...(metadata === undefined ? [] : [metadata]),
    `${mcp.origin}${PRM}${pathOf(mcp)}`,
    `${mcp.origin}${pathOf(mcp)}${PRM}`,
    `${mcp.origin}${PRM}`,
  ],
  goesOn: (status) => is4xx(status) && ![408, 425, 429].includes(status),
  serverAt: (issuer) => [...new Set([...threeForms(issuer), `${new URL(issuer).origin}${OAUTH}`])],
  believes: (named, issuer) =>
    String(named).replace(/^([^/]*\/\/[^/]+)\/$/, '$1') === issuer.replace(/^([^/]*\/\/[^/]+)\/$/, '$1'),
};

export const probingClients: readonly ProbingClient[] = [
  sdk1,
  sdk2,
  {
    ...sdk2,
    name: 'Python SDK',
    resourceAt: pointerThenGuess,
    goesOn: is4xx,
    // pydantic writes a slash after an issuer without a path, on both sides.
    believes: (named, issuer) => new URL(String(named)).href === new URL(issuer).href,
  },
  rmcp,
  {
    ...rmcp,
    name: 'Codex',
    first: (mcp) => [`${mcp.origin}${OAUTH}${pathOf(mcp)}`, `${mcp.origin}${pathOf(mcp)}${OAUTH}`, `${mcp.origin}${OAUTH}`],
  },
  {
    ...sdk2,
    name: 'VS Code',
    reads: (line) => (line.split(' ')[0] === 'Bearer' ? parameters(line) : null),
    goesOn: is4xx,
    takes: vsCodeTakes,
    believes: () => true,
  },
  {
    ...sdk2,
    name: 'Gemini CLI',
    probe: { method: 'HEAD', headers: { accept: 'text/event-stream' } },
    headers: {},
    reads: (line) => ({ metadata: /resource_metadata="([^"]+)"/.exec(line)?.[1], scope: undefined }),
    // Without a pointer only the root, as if the origin were the resource.
    resourceAt: (mcp, { metadata }) => [metadata ?? `${mcp.origin}${PRM}`],
    takes: geminiTakes,
    scope: (_challenge, _resource, server) => scopesOf(server),
    resource: (_resource, mcp) => `${mcp.origin}${mcp.pathname}`,
  },
  {
    ...sdk1,
    name: 'mcp-remote',
    probe: { method: 'GET', headers: { accept: BOTH } },
    resourceAt: pointerThenGuess,
    looks: (mcp) => [`${mcp.origin}${OAUTH}`],
  },
  {
    ...sdk1,
    name: 'Claude.ai',
    probe: { ...sdk2.probe, headers: { ...sdk2.probe.headers, 'user-agent': 'python-httpx/0.28.1' } },
    headers: { 'user-agent': 'python-httpx/0.28.1' },
    // It ignores a relative pointer silently.
    reads: (line) => {
      const { metadata = '', scope } = parameters(line);
      return { metadata: URL.canParse(metadata) ? metadata : undefined, scope };
    },
    wants: ['code_challenge_methods_supported'],
    calls: { 'user-agent': 'Claude-User' },
  },
  { ...sdk1, name: 'Claude Code', calls: { 'user-agent': 'claude-code/2.1.300 (cli)' } },
  {
    ...sdk1,
    name: 'ChatGPT',
    resourceAt: pointerThenGuess,
    wants: ['token_endpoint_auth_methods_supported', 'code_challenge_methods_supported'],
    resource: (resource) => resource,
  },
  // It loses its pointer on the way through the browser, and looks at the well-known place.
  { ...sdk1, name: 'Cursor', resourceAt: (mcp) => pathThenRoot(mcp) },
  {
    ...sdk2,
    name: 'MCP Inspector 2.x',
    reads: (line) => (/\bbearer\b/i.test(line) ? parameters(line) : null),
    believes: exactly,
  },
];

export const clientCalled = (name: string): ProbingClient => {
  const found = probingClients.find((client) => client.name === name);
  if (found === undefined) throw new Error(`no client is called ${name}`);
  return found;
};
