// Decides how environment variables alone describe one protected server: they become the same value that a file would give, so that one
// language has one reader.
import { toPlan } from './load.js';
import type { Plan } from './plan.js';
import { ConfigError, type Path, pathText } from './problems.js';
import type { Environment } from './secrets.js';

const PREFIX = 'PORTCULLIS_';
const ISSUER_NAME = 'main';

/** Variable, and the path of the configuration that it fills. .env.example explains each. */
export const VARIABLES: Readonly<Record<string, string>> = {
  UPSTREAM: 'endpoints[0].upstream',
  PUBLIC_URL: 'publicUrl',
  PRESET: `issuers.${ISSUER_NAME}.preset`,
  ISSUER: `issuers.${ISSUER_NAME}.issuer`,
  JWKS_URI: `issuers.${ISSUER_NAME}.jwksUri`,
  ALGORITHMS: `issuers.${ISSUER_NAME}.algorithms`,
  TYP: `issuers.${ISSUER_NAME}.typ`,
  CLOCK_TOLERANCE_SECONDS: `issuers.${ISSUER_NAME}.clockToleranceSeconds`,
  AUDIENCE: 'endpoints[0].audience',
  SCOPES: 'endpoints[0].scopes',
  INTROSPECTION_URL: `issuers.${ISSUER_NAME}.introspection.url`,
  INTROSPECTION_CLIENT_ID: `issuers.${ISSUER_NAME}.introspection.clientId`,
  INTROSPECTION_CLIENT_SECRET: `issuers.${ISSUER_NAME}.introspection.clientSecret`,
  LEGACY_SCHEME: 'endpoints[0].legacy[0].scheme',
  LEGACY_SCOPES: 'endpoints[0].legacy[0].scopes',
  SESSION_KEYS: 'sessionKeys',
  LISTEN: 'listen',
  ADMIN: 'admin',
  LOG_LEVEL: 'logLevel',
};
/** What `doctor` and `explain` read, often from the same shell (commands/bearer-token.ts). */
const OF_COMMANDS = 'PORTCULLIS_TOKEN';
/** Kubernetes sets these for a Service called portcullis. */
const SERVICE_LINK = /^PORTCULLIS_(PORT|SERVICE)(_|$)/;
const REQUIRED = ['UPSTREAM', 'PUBLIC_URL', 'ISSUER'];

const list = (value: string): string[] => value.split(/[\s,]+/).filter((part) => part !== '');

/** Drops the members that are not set, so that a default can stand in. */
const given = (members: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

function hostAndPort(value: string | undefined): Record<string, unknown> | undefined {
  if (value === undefined) return undefined;
  const found = /^(?:(.+):)?(\d+)$/.exec(value);
  return found === null ? { port: value } : given({ host: found[1]?.replace(/^\[(.*)\]$/, '$1'), port: Number(found[2]) });
}

/** The public URL carries the path of the endpoint; without one the upstream's is taken, or /mcp. */
function splitPublicUrl(publicUrl: string, upstream: string | undefined): { origin: string; path: string } {
  if (!URL.canParse(publicUrl)) return { origin: publicUrl, path: '/mcp' };
  const { origin, pathname, search, hash } = new URL(publicUrl);
  const ofUpstream = upstream !== undefined && URL.canParse(upstream) ? new URL(upstream).pathname : '/';
  const own = pathname === '/' ? '' : pathname;
  return { origin: `${origin}${search}${hash}`, path: own || (ofUpstream === '/' ? '/mcp' : ofUpstream) };
}

/** The variable that fills a path: the longest that is a beginning of it. */
function variableOf(path: Path): string {
  const text = pathText(path);
  const [name] =
    Object.entries(VARIABLES)
      .filter(([, target]) => text.startsWith(target))
      .sort((a, b) => b[1].length - a[1].length)[0] ?? [];
  if (name !== undefined) return PREFIX + name;
  return text.startsWith('endpoints[0].path') ? `${PREFIX}PUBLIC_URL` : text;
}

/** True where the environment describes a server, so that no file is needed. */
export function hasEnvironment(environment: Environment): boolean {
  return REQUIRED.some((name) => environment[PREFIX + name] !== undefined);
}

/** Throws ConfigError; its problems name variables. */
export function loadEnvironment(environment: Environment): Plan {
  const get = (name: string): string | undefined => environment[PREFIX + name]?.trim() || undefined;
  const listed = (name: string): string[] | undefined => {
    const value = get(name);
    return value === undefined ? undefined : list(value);
  };
  const strangers = Object.keys(environment).filter(
    (name) =>
      name.startsWith(PREFIX) &&
      !Object.hasOwn(VARIABLES, name.slice(PREFIX.length)) &&
      name !== OF_COMMANDS &&
      !SERVICE_LINK.test(name),
  );
  const missing = REQUIRED.filter((name) => get(name) === undefined);
  // Alone it would change nothing, and nobody would notice.
  if (get('LEGACY_SCOPES') !== undefined && get('LEGACY_SCHEME') === undefined) missing.push('LEGACY_SCHEME');
  if (strangers.length + missing.length > 0) {
    throw new ConfigError(
      [
        ...missing.map((name) => ({ path: [PREFIX + name], message: 'is needed; set it (see .env.example)' })),
        ...strangers.map((name) => ({ path: [name], message: 'there is no such variable; see .env.example' })),
      ],
      (path) => String(path[0]),
    );
  }
  const upstream = get('UPSTREAM') as string;
  const { origin, path } = splitPublicUrl(get('PUBLIC_URL') as string, upstream);
  const asksIntrospection = ['URL', 'CLIENT_ID', 'CLIENT_SECRET'].some((name) => get(`INTROSPECTION_${name}`) !== undefined);
  const secretName = `${PREFIX}INTROSPECTION_CLIENT_SECRET`;
  const introspection = asksIntrospection
    ? given({ url: get('INTROSPECTION_URL'), clientId: get('INTROSPECTION_CLIENT_ID'), clientSecret: `\${env:${secretName}}` })
    : undefined;
  const tolerance = get('CLOCK_TOLERANCE_SECONDS');
  const scheme = get('LEGACY_SCHEME');
  const legacy = scheme && [{ scheme, mode: 'pass-through', upstreamVerifies: true, scopes: listed('LEGACY_SCOPES') ?? [] }];
  const raw = given({
    publicUrl: origin,
    listen: hostAndPort(get('LISTEN')),
    admin: hostAndPort(get('ADMIN')),
    logLevel: get('LOG_LEVEL'),
    sessionKeys: get('SESSION_KEYS') && [`\${env:${PREFIX}SESSION_KEYS}`],
    issuers: {
      [ISSUER_NAME]: given({
        preset: get('PRESET'),
        issuer: get('ISSUER'),
        jwksUri: get('JWKS_URI'),
        algorithms: listed('ALGORITHMS'),
        typ: get('TYP'),
        clockToleranceSeconds: tolerance === undefined ? undefined : Number(tolerance),
        introspection,
      }),
    },
    endpoints: [
      given({ path, issuers: [ISSUER_NAME], upstream, audience: listed('AUDIENCE'), scopes: listed('SCOPES'), legacy }),
    ],
  });
  return toPlan(raw, environment, variableOf);
}
