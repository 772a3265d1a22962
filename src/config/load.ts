// Decides how a configuration becomes a plan: check, resolve secrets, fill in, freeze; or every problem at once. Never decides what a field
// may be.
import { readFileSync } from 'node:fs';
import { isObject } from '../core/json.js';
import { parse } from './parsed.js';
import { presetRules } from './presets.js';
import { ConfigError, type Path, type Problem, pathText } from './problems.js';
import { toEndpoint } from './resolve-endpoint.js';
import { resolveIntrospection } from './resolve-introspection.js';
import type { ResolvedConfig, ResolvedIntrospection, ResolvedIssuer } from './resolved-config.js';
import type { IssuerInput } from './schema/issuer.js';
import type { Environment } from './secrets.js';
import { sessionKeys } from './session-keys.js';
import { checks } from './validate.js';
import { readDocument } from './yaml-document.js';

function toIssuer(input: IssuerInput, introspection: ResolvedIntrospection | null): ResolvedIssuer {
  const {
    preset,
    issuer,
    jwksUri,
    algorithms,
    typ,
    clockToleranceSeconds,
    jwks,
    claims,
    requireTenant,
  } = input;
  const { verify, tokenPrefixes, metadataMirror } = input;
  const rules = {
    algorithms,
    typ,
    clockToleranceSeconds,
    jwks,
    claims,
    requireTenant,
    ...presetRules(preset, issuer),
  };
  return {
    issuer,
    jwksUri: jwksUri ?? null,
    ...rules,
    verify,
    tokenPrefixes: tokenPrefixes ?? null,
    introspection,
    metadataMirror,
  };
}

/** Of a map the values: the map itself is read-only by its type. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of value instanceof Map ? value.values() : Object.values(value))
    deepFreeze(inner);
  return value;
}

/** From a plain value: the plan, or every problem. */
export function readConfig(
  raw: unknown,
  environment: Environment,
): { plan: ResolvedConfig | null; problems: Problem[] } {
  if (!isObject(raw))
    return {
      plan: null,
      problems: [{ path: [], message: 'write a map with publicUrl, issuers and endpoints' }],
    };
  const { parsed, whole, problems } = parse(raw);
  const told = new Set(problems.map(({ path }) => pathText(path)));
  const isTold = (path: Path): boolean =>
    path.some((_, end) => told.has(pathText(path.slice(0, end + 1))));
  // Of a field that is bad in itself nothing follows.
  for (const check of checks) problems.push(...check(parsed).filter(({ path }) => !isTold(path)));
  const asked = new Map<string, ResolvedIntrospection | null>();
  for (const [name, { introspection }] of parsed.issuers) {
    if (introspection === undefined) continue;
    asked.set(
      name,
      resolveIntrospection(
        introspection,
        ['issuers', name, 'introspection'],
        environment,
        problems,
      ),
    );
  }
  const ring = sessionKeys(parsed.root.sessionKeys ?? [], environment, problems);
  if (whole === null || problems.length > 0) return { plan: null, problems };
  const { publicUrl, listen, admin, logLevel, limits } = whole.root;
  const plan: ResolvedConfig = {
    publicUrl,
    listen,
    admin,
    logLevel,
    sessionKeys: ring,
    limits,
    issuers: [...whole.issuers].map(([name, issuer]) => toIssuer(issuer, asked.get(name) ?? null)),
    endpoints: whole.endpoints.map((endpoint) => toEndpoint(endpoint, publicUrl, whole.issuers)),
  };
  return { plan: deepFreeze(plan), problems };
}

/** From a plain value. Throws ConfigError with every problem. */
export function resolveConfig(raw: unknown, environment: Environment): ResolvedConfig {
  const { plan, problems } = readConfig(raw, environment);
  if (plan === null) throw new ConfigError(problems);
  return plan;
}

/** From the text of a YAML file. Throws ConfigError. */
export function parseYaml(text: string, environment: Environment): ResolvedConfig {
  const document = readDocument(text);
  if (!document.isRead) throw new ConfigError(document.problems);
  const { plan, problems } = readConfig(document.value, environment);
  if (plan === null || document.problems.length > 0)
    throw new ConfigError([...document.problems, ...problems]);
  return plan;
}

/** From a file. Throws ConfigError. */
export function loadFile(path: string, environment: Environment): ResolvedConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new ConfigError([
      { path: [], message: `${path} cannot be read; mend the path given to --config` },
    ]);
  }
  return parseYaml(text, environment);
}
