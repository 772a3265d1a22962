// Decides how a configuration becomes a plan: parse, check, resolve secrets, fill in, freeze; or every problem at once. Never decides what
// a field may be.
import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { isObject } from '../core/json.js';
import { checks } from './checks.js';
import { toEndpoint } from './endpoint-plan.js';
import { introspectionPlan } from './introspection-client.js';
import type { Parsed, SeenEndpoint } from './parsed.js';
import type { IssuerPlan, Plan } from './plan.js';
import { presetRules, underPreset } from './presets.js';
import { ConfigError, type Path, type Problem, pathText, problemsOf } from './problems.js';
import { rootSchema } from './schema.js';
import { type EndpointInput, endpointSchema } from './schema-endpoint.js';
import { type IssuerInput, issuerSchema } from './schema-issuer.js';
import type { Environment } from './secrets.js';
import { sessionKeys } from './session-keys.js';

function toIssuer(name: string, input: IssuerInput, environment: Environment, problems: Problem[]): IssuerPlan {
  const { preset, issuer, jwksUri, algorithms, typ, clockToleranceSeconds, keys, claims, requireTenant } = input;
  const { verify, tokenPrefixes, mirror } = input;
  const rules = { algorithms, typ, clockToleranceSeconds, keys, claims, requireTenant, ...presetRules(preset, issuer) };
  const asked = input.introspection;
  const path = ['issuers', name, 'introspection'];
  const introspection = asked === undefined ? null : introspectionPlan(asked, path, environment, problems);
  return { issuer, jwksUri: jwksUri ?? null, ...rules, verify, tokenPrefixes: tokenPrefixes ?? null, introspection, mirror };
}

function parseIssuers(raw: Record<string, unknown>, problems: Problem[]): Map<string, IssuerInput> {
  const parsed = new Map<string, IssuerInput>();
  for (const [name, fields] of Object.entries(raw)) {
    const one = issuerSchema.safeParse(underPreset(fields ?? {}));
    if (one.success) parsed.set(name, one.data);
    else problems.push(...problemsOf(one.error, ['issuers', name]));
  }
  return parsed;
}

/** Those that parsed as a whole, and all as far as they did: one bad field must not hide what else is wrong. */
function parseEndpoints(raw: readonly unknown[], problems: Problem[]) {
  const parsed: EndpointInput[] = [];
  const seen = new Map<number, SeenEndpoint>();
  for (const [i, fields] of raw.entries()) {
    const one = endpointSchema.safeParse(fields ?? {});
    if (one.success) {
      parsed.push(one.data);
      seen.set(i, one.data);
      continue;
    }
    const found = problemsOf(one.error, ['endpoints', i]);
    problems.push(...found);
    if (!isObject(fields)) continue;
    const sound = Object.entries(fields).filter(([name]) => !found.some(({ path }) => path[2] === name));
    const rest = endpointSchema.partial().safeParse(Object.fromEntries(sound));
    if (rest.success) seen.set(i, { ...rest.data, issuers: rest.data.issuers ?? [] } as SeenEndpoint);
  }
  return { parsed, seen };
}

/** Of a map the values: the map itself is read-only by its type. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of value instanceof Map ? value.values() : Object.values(value)) deepFreeze(inner);
  return value;
}

/** From a plain value. Throws ConfigError with every problem. `where` names a path in the terms of its source. */
export function toPlan(raw: unknown, environment: Environment, where?: (path: Path) => string): Plan {
  const problems: Problem[] = [];
  if (!isObject(raw)) throw new ConfigError([{ path: [], message: 'write a map with publicUrl, issuers and endpoints' }], where);
  const root = rootSchema.safeParse(raw);
  if (!root.success) problems.push(...problemsOf(root.error, []));
  const rawIssuers = isObject(raw.issuers) ? raw.issuers : {};
  const rawEndpoints = Array.isArray(raw.endpoints) ? raw.endpoints : [];
  const issuers = parseIssuers(rawIssuers, problems);
  const { parsed: endpoints, seen } = parseEndpoints(rawEndpoints, problems);
  const told = problems.map(({ path }) => pathText(path));
  const parsed: Parsed = { publicUrl: String(raw.publicUrl), issuers, issuerNames: Object.keys(rawIssuers), endpoints: seen };
  for (const check of checks) {
    // Of a field that is bad in itself nothing follows.
    problems.push(...check(parsed).filter(({ path }) => !told.some((text) => text.startsWith(pathText(path)))));
  }
  const issuerPlans = [...issuers].map(([name, issuer]) => toIssuer(name, issuer, environment, problems));
  const ring = root.success ? sessionKeys(root.data.sessionKeys, environment, problems) : [];
  if (problems.length > 0 || !root.success) throw new ConfigError(problems, where);
  const { publicUrl, listen, admin, logLevel, limits } = root.data;
  return deepFreeze({
    publicUrl,
    listen,
    admin,
    logLevel,
    sessionKeys: ring,
    limits,
    issuers: issuerPlans,
    endpoints: endpoints.map((endpoint) => toEndpoint(endpoint, publicUrl, issuers)),
  });
}

/** From the text of a YAML file. Throws ConfigError. */
export function parseYaml(text: string, environment: Environment): Plan {
  const document = parseDocument(text, { prettyErrors: true });
  if (document.errors.length > 0) {
    throw new ConfigError(document.errors.map((error) => ({ path: [], message: `not YAML: ${error.message.trim()}` })));
  }
  let raw: unknown;
  try {
    raw = document.toJS({ maxAliasCount: 0 });
  } catch {
    // Aliases can make a small file huge, and they hide from a reader of the file what it says.
    throw new ConfigError([{ path: [], message: 'write it without anchors and aliases (& and *); repeat what they stand for' }]);
  }
  return toPlan(raw, environment);
}

/** From a file. Throws ConfigError. */
export function loadFile(path: string, environment: Environment): Plan {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new ConfigError([{ path: [], message: `${path} cannot be read; mend the path given to --config` }]);
  }
  return parseYaml(text, environment);
}
