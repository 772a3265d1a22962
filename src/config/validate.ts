// Validates a raw configuration: old names, then presets and schema, then the checks across fields.
// Reports every problem at once and repairs none.
import { isObject } from '../core/json.js';
import { atOnce } from '../core/slices.js';
import { withNewNames } from './old-names.js';
import { toPartialConfig } from './partial-config.js';
import type { Partially } from './partial-parse.js';
import { placeholders } from './placeholders.js';
import { withPreset } from './presets.js';
import { type Path, type Problem, pathText } from './problems.js';
import { type ConfigInput, rootSchema } from './schema/root.js';
import { parseWithProblems } from './schema-problems.js';
import { misplacedReferences } from './secret-references.js';
import { apiKeyChecks } from './validate-api-keys.js';
import { bridgeChecks } from './validate-bridge.js';
import { credentialChecks } from './validate-credential.js';
import { endpointChecks } from './validate-endpoints.js';
import { facadeChecks } from './validate-facade.js';
import { hostChecks } from './validate-hosts.js';
import { identityChecks } from './validate-identity.js';
import { introspectionChecks } from './validate-introspection.js';
import { issuedChecks } from './validate-issued.js';
import { issuerUrlChecks } from './validate-issuer-urls.js';
import { issuerChecks } from './validate-issuers.js';
import { listenerChecks } from './validate-listeners.js';
import { policyChecks } from './validate-policy.js';
import { scopeChecks } from './validate-scopes.js';
import { telemetryChecks } from './validate-telemetry.js';
import { upstreamHeaderChecks } from './validate-upstream-headers.js';

const CHECKS = [
  ...listenerChecks,
  ...endpointChecks,
  ...hostChecks,
  ...apiKeyChecks,
  ...bridgeChecks,
  ...identityChecks,
  ...issuerUrlChecks,
  ...issuerChecks,
  ...introspectionChecks,
  ...facadeChecks,
  ...issuedChecks,
  ...policyChecks,
  ...scopeChecks,
  ...credentialChecks,
  ...upstreamHeaderChecks,
  ...telemetryChecks,
];

/** True for an endpoint whose callers need no issuer. */
const hasOnlyKeys = (endpoint: unknown): boolean =>
  isObject(endpoint) && endpoint.apiKeys !== undefined && endpoint.issuers === undefined;

/** Adds the fields of the presets. An issuer or endpoint without fields counts as an empty map. */
function withPresets(raw: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { issuers, endpoints } = raw;
  const complete: Record<string, unknown> = { ...raw };
  if (isObject(issuers))
    complete.issuers = Object.fromEntries(
      Object.entries(issuers).map(([name, issuer]) => [name, withPreset(issuer ?? {})]),
    );
  if (Array.isArray(endpoints))
    complete.endpoints = endpoints.map((endpoint: unknown) => endpoint ?? {});
  // Without an endpoint that takes tokens of issuers, there is no issuer to write.
  const hasNoIssuer =
    Array.isArray(endpoints) && endpoints.length > 0 && endpoints.every(hasOnlyKeys);
  if (issuers === undefined && hasNoIssuer) complete.issuers = {};
  // An operator who removes the last key leaves the name of the map.
  if (raw.apiKeys === null) complete.apiKeys = {};
  return complete;
}

/** Tells whether a problem concerns a path or a path above it. */
function reportedPaths(problems: readonly Problem[]): (path: Path) => boolean {
  const reported = new Set(problems.map(({ path }) => pathText(path)));
  return (path) => path.some((_, i) => reported.has(pathText(path.slice(0, i + 1))));
}

/** The problems that are not mere consequences of a problem that is reported already. */
export function withoutConsequences(
  problems: readonly Problem[],
  reported: readonly Problem[],
): Problem[] {
  const isReported = reportedPaths(reported);
  return problems.filter(({ path }) => !isReported(path));
}

interface Validated {
  readonly value: Partially<ConfigInput>;
  readonly problems: Problem[];
}

/** The valid parts of a configuration, and its problems. Without problems the value is whole. */
export function* validateInSlices(raw: unknown): Generator<void, Validated> {
  if (!isObject(raw))
    return {
      value: {},
      problems: [{ path: [], message: 'write a map with publicUrl, issuers and endpoints' }],
    };
  const renamed = withNewNames(raw);
  const complete = withPresets(renamed.value);
  // At the place of a reference or placeholder the schema would report only a wrong value.
  const unread = [
    ...misplacedReferences(rootSchema, complete),
    ...placeholders(rootSchema, complete),
  ];
  const unreadPaths = new Set(unread.map(({ path }) => pathText(path)));
  yield;
  const parsed = parseWithProblems(rootSchema, complete);
  const { value = {} } = parsed;
  const problems = [
    ...renamed.problems,
    ...unread,
    ...parsed.problems.filter(({ path }) => !unreadPaths.has(pathText(path))),
  ];
  // The problem at the wrong name is the only one of a misspelt field.
  const reported = [...problems, ...parsed.misspelt.map((path) => ({ path, message: '' }))];
  const config = toPartialConfig(value, reported);
  const across: Problem[] = [];
  for (const check of CHECKS) {
    yield;
    across.push(...check(config));
  }
  return { value, problems: [...problems, ...withoutConsequences(across, reported)] };
}

export const validate = (raw: unknown): Validated => atOnce(validateInSlices(raw));
