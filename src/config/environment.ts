// Reads environment variables, which describe one protected server, into the same raw value that a
// file would give.
import { didYouMean } from './did-you-mean.js';
import { ISSUER_NAME, PREFIX, VARIABLES } from './environment-variables.js';
import { RENAMED_VARIABLES } from './old-names.js';
import type { Problem } from './problems.js';
import type { Environment } from './secrets.js';

/**
 * `doctor` and `explain` read the first two, often in the same shell (commands/bearer-token.ts).
 * The last one is empty here: with a value, the file counts (config/config-file.ts).
 */
const COMMAND_VARIABLES = [
  'PORTCULLIS_TOKEN',
  'PORTCULLIS_DOCTOR_CLIENT_SECRET',
  'PORTCULLIS_CONFIG',
];
/** Kubernetes sets these variables for a Service with the name portcullis. */
const SERVICE_LINK = /^PORTCULLIS_(PORT|SERVICE)(_|$)/;
/** Takes the place of a missing or malformed public URL. It leads nowhere (RFC 6761). */
const PLACEHOLDER_URL = 'https://public.invalid';
const REQUIRED = ['UPSTREAM', 'PUBLIC_URL', 'ISSUER'];

/** The value of a variable by its name without PORTCULLIS_. An empty variable is not set. */
type Get = (name: string) => string | undefined;

const list = (value: string | undefined): string[] | undefined =>
  value?.split(/[\s,]+/).filter((part) => part !== '');

/** A variable that has only its old name set has that value. */
function getter(environment: Environment): Get {
  const read: Get = (name) => environment[PREFIX + name]?.trim() || undefined;
  const oldNames = new Map(Object.entries(RENAMED_VARIABLES).map(([old, name]) => [name, old]));
  return (name) => read(name) ?? read(oldNames.get(name) ?? name);
}

/** Drops the members that are not set, so that their defaults apply. */
const given = (members: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

/** The host and the port of `host:port`, `[host]:port` or a port alone. */
export function hostAndPort(value: string | undefined): Record<string, unknown> | undefined {
  if (value === undefined) return undefined;
  const found = /^(?:(.+):)?(\d+)$/.exec(value);
  return found === null
    ? { port: value }
    : given({ host: found[1]?.replace(/^\[(.*)\]$/, '$1'), port: Number(found[2]) });
}

/** The message for a malformed public URL, or null. */
function publicUrlFlaw(value: string): string | null {
  const url = URL.canParse(value) ? new URL(value) : null;
  // In a URL without a scheme, a host before a port looks like the scheme.
  if (url === null || !/^https?:$/.test(url.protocol)) {
    const whole = `https://${value}`;
    // A value that could hold a password or a token is not shown.
    const example =
      /^[\w.:[\]/-]+$/.test(value) && !value.includes('://') && URL.canParse(whole)
        ? whole
        : 'https://mcp.example.com/mcp';
    return `write the whole URL that clients use, with https:// before it, such as ${example}`;
  }
  return url.username + url.password + url.search + url.hash === ''
    ? null
    : 'write the URL without user name, query or fragment';
}

/** The path of the endpoint is that of the public URL, else that of the upstream, else /mcp. */
function splitPublicUrl(
  publicUrl: string,
  upstream: string | undefined,
): { origin: string; path: string } {
  const { origin, pathname } = new URL(publicUrl);
  const ofUpstream =
    upstream !== undefined && URL.canParse(upstream) ? new URL(upstream).pathname : '/';
  const own = pathname === '/' ? '' : pathname;
  return { origin, path: own || (ofUpstream === '/' ? '/mcp' : ofUpstream) };
}

/** `misspelt`: variables that are set under a wrong name. The wrong name has the only problem. */
function missingVariables(get: Get, misspelt: readonly string[]): Problem[] {
  const missing = REQUIRED.filter((name) => get(name) === undefined && !misspelt.includes(name));
  // Without a scheme, the scopes would have no effect.
  if (get('PASS_THROUGH_SCOPES') !== undefined && get('PASS_THROUGH_SCHEME') === undefined)
    missing.push('PASS_THROUGH_SCHEME');
  return missing.map((name) => ({
    path: [PREFIX + name],
    message: 'is required; set it (see .env.example)',
  }));
}

/** Names that operators may give to PORTCULLIS_CONFIG. The gateway reads none of them. */
const CONFIG_FILE = /^(CONF|CONFIG_?(FILE|PATH)|FILE|YAML)$/;

const isMisspeltConfig = (name: string): boolean => name !== 'CONFIG' && meantBy(name) === 'CONFIG';

/** The advice about a variable that names the configuration file. Null: there is none. */
export function configFileHint(environment: Environment): string | null {
  const variable = Object.keys(environment).find(
    (name) =>
      name.startsWith(PREFIX) &&
      (CONFIG_FILE.test(name.slice(PREFIX.length)) || isMisspeltConfig(name.slice(PREFIX.length))),
  );
  const value = variable === undefined ? '' : (environment[variable]?.trim() ?? '');
  // Any other text than a path may be a secret.
  const path = /^[\w./~-]{1,200}$/.test(value) ? value : 'FILE';
  return variable === undefined ? null : `${variable} is not read; write ${PREFIX}CONFIG=${path}`;
}

/** The variable that a misspelt one means. */
const meantBy = (name: string): string | undefined =>
  didYouMean(name, [...Object.keys(VARIABLES), 'CONFIG']);

function unknownVariable(variable: string, value: string, environment: Environment): string {
  const name = variable.slice(PREFIX.length);
  const hintForFile = configFileHint({ [variable]: environment[variable] });
  if (hintForFile !== null)
    return `unknown variable; ${hintForFile.slice(hintForFile.indexOf('write'))}`;
  if (Object.hasOwn(RENAMED_VARIABLES, name))
    return `this variable is now called ${PREFIX}${RENAMED_VARIABLES[name]}`;
  // A bare number. Kubernetes writes a whole URL, which `unknownVariables` ignores.
  if (name === 'PORT') return `unknown variable; write ${PREFIX}LISTEN=${value}`;
  const meant = meantBy(name);
  const hint =
    meant === undefined
      ? 'see .env.example, or write the field into a file for --config'
      : `did you mean ${PREFIX}${meant}?`;
  return `unknown variable; ${hint}`;
}

function unknownNames(environment: Environment, get: Get): string[] {
  const isPortNumber = (name: string): boolean =>
    name === `${PREFIX}PORT` && /^\d+$/.test(get('PORT') ?? '');
  return Object.keys(environment).filter(
    (name) =>
      name.startsWith(PREFIX) &&
      !Object.hasOwn(VARIABLES, name.slice(PREFIX.length)) &&
      !COMMAND_VARIABLES.includes(name) &&
      (!SERVICE_LINK.test(name) || isPortNumber(name)),
  );
}

const numberOf = (value: string | undefined): number | undefined =>
  value === undefined ? undefined : Number(value);

/** Any other text stays text, so that the schema reports it. */
const booleanOf = (value: string | undefined): unknown =>
  value === 'true' || value === 'false' ? value === 'true' : value;

function issuerOf(get: Get): Record<string, unknown> {
  const hasIntrospection = ['URL', 'CLIENT_ID', 'CLIENT_SECRET'].some(
    (name) => get(`INTROSPECTION_${name}`) !== undefined,
  );
  return given({
    preset: get('PRESET'),
    issuer: get('ISSUER'),
    jwksUri: get('JWKS_URI'),
    metadataUrl: get('METADATA_URL'),
    authorizationServers: list(get('AUTHORIZATION_SERVERS')),
    allowInsecureHttp: booleanOf(get('ALLOW_INSECURE_HTTP')),
    algorithms: list(get('ALGORITHMS')),
    typ: get('TYP'),
    clockToleranceSeconds: numberOf(get('CLOCK_TOLERANCE_SECONDS')),
    introspection: hasIntrospection
      ? given({
          url: get('INTROSPECTION_URL'),
          clientId: get('INTROSPECTION_CLIENT_ID'),
          clientSecret: `\${env:${PREFIX}INTROSPECTION_CLIENT_SECRET}`,
        })
      : undefined,
  });
}

/** With a credential, the upstream is a map. */
function upstreamOf(get: Get): unknown {
  const url = get('UPSTREAM');
  const name = 'UPSTREAM_AUTHORIZATION';
  if (get(name) === undefined) return url;
  const authorization = `\${env:${PREFIX}${name}}`;
  return given({ url, credential: { kind: 'static', authorization } });
}

function endpointOf(get: Get, path: string): Record<string, unknown> {
  const scheme = get('PASS_THROUGH_SCHEME');
  return given({
    path,
    issuers: [ISSUER_NAME],
    upstream: upstreamOf(get),
    audience: list(get('AUDIENCE')),
    scopes: list(get('SCOPES')),
    passThrough: scheme && [
      { scheme, upstreamVerifies: true, scopes: list(get('PASS_THROUGH_SCOPES')) ?? [] },
    ],
  });
}

/** True where the environment describes a server, so that no file is necessary. */
export function hasEnvironment(environment: Environment): boolean {
  return Object.keys(environment).some((variable) => {
    const name = variable.startsWith(PREFIX) ? variable.slice(PREFIX.length) : '';
    // A misspelt one gets its problem, instead of the advice to begin with a configuration.
    return REQUIRED.includes(Object.hasOwn(VARIABLES, name) ? name : (meantBy(name) ?? ''));
  });
}

/**
 * The raw value, and problems that are about variables rather than about its fields. `misspelt`:
 * variables that have their problem at a wrong name.
 */
export function readEnvironment(environment: Environment): {
  raw: unknown;
  problems: Problem[];
  misspelt: string[];
} {
  const get = getter(environment);
  const unknown = unknownNames(environment, get);
  const misspelt = unknown
    .map((variable) => meantBy(variable.slice(PREFIX.length)))
    .filter((name) => name !== undefined && get(name) === undefined) as string[];
  const publicUrl = get('PUBLIC_URL');
  const flaw = publicUrl === undefined ? null : publicUrlFlaw(publicUrl);
  const problems = [
    ...missingVariables(get, misspelt),
    ...(flaw === null ? [] : [{ path: [`${PREFIX}PUBLIC_URL`], message: flaw }]),
    ...unknown.map((variable) => ({
      path: [variable],
      message: unknownVariable(variable, get(variable.slice(PREFIX.length)) ?? '', environment),
    })),
  ];
  // With a placeholder, the other variables can be validated all the same.
  const { origin, path } = splitPublicUrl(
    publicUrl === undefined || flaw !== null ? PLACEHOLDER_URL : publicUrl,
    get('UPSTREAM'),
  );
  const delaySeconds = numberOf(get('DRAIN_DELAY_SECONDS'));
  const raw = given({
    publicUrl: origin,
    listen: hostAndPort(get('LISTEN')),
    admin: hostAndPort(get('ADMIN')),
    logLevel: get('LOG_LEVEL'),
    sessionKeys: get('SESSION_KEYS') && [`\${env:${PREFIX}SESSION_KEYS}`],
    drain: delaySeconds === undefined ? undefined : { delaySeconds },
    workers: get('WORKERS') === 'auto' ? 'auto' : numberOf(get('WORKERS')),
    issuers: { [ISSUER_NAME]: issuerOf(get) },
    endpoints: [endpointOf(get, path)],
  });
  return { raw, problems, misspelt: misspelt.map((name) => PREFIX + name) };
}
