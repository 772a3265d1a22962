// Decides how environment variables alone describe one protected server: they become the same value that a file would give, so that one
// language has one reader.

import { didYouMean } from './did-you-mean.js';
import {
  ISSUER_NAME,
  PREFIX,
  tellVariable,
  VARIABLES,
  variableOf,
} from './environment-variables.js';
import { readConfig } from './load.js';
import { ConfigError, type Problem } from './problems.js';
import type { ResolvedConfig } from './resolved-config.js';
import type { Environment } from './secrets.js';

/** What `doctor` and `explain` read, often from the same shell (commands/bearer-token.ts). */
const OF_COMMANDS = 'PORTCULLIS_TOKEN';
/** Kubernetes sets these for a Service called portcullis. */
const SERVICE_LINK = /^PORTCULLIS_(PORT|SERVICE)(_|$)/;
/** Leads nowhere, so that nothing else is held against it (RFC 6761). */
const STAND_IN = 'https://public.invalid';
const REQUIRED = ['UPSTREAM', 'PUBLIC_URL', 'ISSUER'];

const list = (value: string): string[] => value.split(/[\s,]+/).filter((part) => part !== '');

/** Drops the members that are not set, so that a default can stand in. */
const given = (members: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

function hostAndPort(value: string | undefined): Record<string, unknown> | undefined {
  if (value === undefined) return undefined;
  const found = /^(?:(.+):)?(\d+)$/.exec(value);
  return found === null
    ? { port: value }
    : given({ host: found[1]?.replace(/^\[(.*)\]$/, '$1'), port: Number(found[2]) });
}

/** What is wrong with the form of the public URL, or null. */
function publicUrlFlaw(value: string): string | null {
  const url = URL.canParse(value) ? new URL(value) : null;
  // A host with a port before its path reads like a scheme.
  if (url === null || !/^https?:$/.test(url.protocol)) {
    const whole = `https://${value}`;
    // What could hold a password or a token is not shown.
    const example =
      /^[\w.:[\]/-]+$/.test(value) && !value.includes('://') && URL.canParse(whole)
        ? whole
        : 'https://mcp.example.com/mcp';
    return `write the whole URL as clients type it, with https:// before it, such as ${example}`;
  }
  return url.username + url.password + url.search + url.hash === ''
    ? null
    : 'write it without user name, query and fragment';
}

/** The public URL carries the path of the endpoint; without one the upstream's is taken, or /mcp. */
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

const noSuchVariable = (name: string, value: string): string => {
  // Kubernetes writes a whole URL there.
  if (name === `${PREFIX}PORT`) return `there is no such variable; write ${PREFIX}LISTEN=${value}`;
  const meant = didYouMean(name.slice(PREFIX.length), Object.keys(VARIABLES));
  return `there is no such variable; ${meant === null ? 'see .env.example' : `did you mean ${PREFIX}${meant}?`}`;
};

/** True where the environment describes a server, so that no file is needed. */
export function hasEnvironment(environment: Environment): boolean {
  return REQUIRED.some((name) => environment[PREFIX + name] !== undefined);
}

/** Throws ConfigError; its problems name variables. */
export function loadEnvironment(environment: Environment): ResolvedConfig {
  const get = (name: string): string | undefined => environment[PREFIX + name]?.trim() || undefined;
  const listed = (name: string): string[] | undefined => {
    const value = get(name);
    return value === undefined ? undefined : list(value);
  };
  /** A bare number is of somebody who means LISTEN. */
  const isPort = (name: string): boolean =>
    name === `${PREFIX}PORT` && /^\d+$/.test(get('PORT') ?? '');
  const strangers = Object.keys(environment).filter(
    (name) =>
      name.startsWith(PREFIX) &&
      !Object.hasOwn(VARIABLES, name.slice(PREFIX.length)) &&
      name !== OF_COMMANDS &&
      (!SERVICE_LINK.test(name) || isPort(name)),
  );
  const missing = REQUIRED.filter((name) => get(name) === undefined);
  // Alone it would change nothing, and nobody would notice.
  if (get('PASS_THROUGH_SCOPES') !== undefined && get('PASS_THROUGH_SCHEME') === undefined)
    missing.push('PASS_THROUGH_SCHEME');
  const publicUrl = get('PUBLIC_URL');
  const flaw = publicUrl === undefined ? null : publicUrlFlaw(publicUrl);
  const own: Problem[] = [
    ...missing.map((name) => ({
      path: [PREFIX + name],
      message: 'is needed; set it (see .env.example)',
    })),
    ...(flaw === null ? [] : [{ path: [`${PREFIX}PUBLIC_URL`], message: flaw }]),
    ...strangers.map((name) => ({
      path: [name],
      message: noSuchVariable(name, get(name.slice(PREFIX.length)) ?? ''),
    })),
  ];
  const upstream = get('UPSTREAM');
  // Where it is not there or not good, one that is stands for it, so that the rest can be judged.
  const { origin, path } = splitPublicUrl(
    publicUrl === undefined || flaw !== null ? STAND_IN : publicUrl,
    upstream,
  );
  const asksIntrospection = ['URL', 'CLIENT_ID', 'CLIENT_SECRET'].some(
    (name) => get(`INTROSPECTION_${name}`) !== undefined,
  );
  const secretName = `${PREFIX}INTROSPECTION_CLIENT_SECRET`;
  const introspection = asksIntrospection
    ? given({
        url: get('INTROSPECTION_URL'),
        clientId: get('INTROSPECTION_CLIENT_ID'),
        clientSecret: `\${env:${secretName}}`,
      })
    : undefined;
  const tolerance = get('CLOCK_TOLERANCE_SECONDS');
  const scheme = get('PASS_THROUGH_SCHEME');
  const passThrough = scheme && [
    { scheme, upstreamVerifies: true, scopes: listed('PASS_THROUGH_SCOPES') ?? [] },
  ];
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
      given({
        path,
        issuers: [ISSUER_NAME],
        upstream,
        audience: listed('AUDIENCE'),
        scopes: listed('SCOPES'),
        passThrough,
      }),
    ],
  });
  const { plan, problems } = readConfig(raw, environment);
  const told = own.map(({ path: [name] }) => name);
  const all = [...own, ...problems.filter((problem) => !told.includes(variableOf(problem.path)))];
  if (plan === null || all.length > 0) throw new ConfigError(all, tellVariable);
  return plan;
}
