// The checks of a configuration that talk to identity providers, one task for each issuer and each
// token endpoint, and those that need no network.
import type { ResolvedConfig, ResolvedIssuer } from '../config/resolved-config.js';
import { startNotices } from '../config/start-notices.js';
import { BRIDGE_TYP } from '../core/bridge-token.js';
import { IDENTITY_TYP } from '../core/identity-token.js';
import type { Notice } from '../core/notice.js';
import type { Secret } from '../core/secret.js';
import { createFetchJson } from '../idp/fetch-json.js';
import { createSigningRing } from '../oauth/signing-keys.js';
import { type CheckFinding, ok, type Verdict } from './check-finding.js';
import { checkIntrospection } from './check-introspection.js';
import { checkClock, checkKeys, checkMetadata } from './check-issuer.js';
import { type CheckDependencies, type IssuerProbe, probeIssuer } from './check-probe.js';
import { questions } from './check-questions.js';
import { checkStore } from './check-store.js';
import { telemetryTasks } from './check-telemetry.js';
import { checkTokenEndpoints, exchangingIssuers } from './check-token-endpoint.js';
import { mirroredIssuers } from './mirrors.js';

/** One part of the check, which may wait for a server. */
export type CheckTask = () => Promise<readonly CheckFinding[]>;

export interface ConfigCheck {
  /** Those without a request: valid settings that are rarely meant, and the signing keys. */
  readonly findings: readonly CheckFinding[];
  /** They send requests. */
  readonly tasks: readonly CheckTask[];
}

const named = (about: string, name: string, verdict: Verdict | null): CheckFinding[] =>
  verdict === null ? [] : [{ about, name, ...verdict }];

/** The start says these without a detail. */
const WORDS: Readonly<Record<string, { observed: string; fix: string }>> = {
  'issuer.insecure_http': {
    observed: 'plain http is allowed: an attacker on that network can add keys and forge tokens',
    fix: 'use https, and remove allowInsecureHttp',
  },
  'introspection.audience_not_required': {
    observed: 'a token without audience passes (audience: bound-to-client)',
    fix: 'keep it only for a client that belongs to this MCP server alone, or write audienceClients',
  },
};

function noticeFinding({ event, endpoint, issuer, detail }: Notice): CheckFinding {
  const about =
    typeof endpoint === 'string'
      ? `endpoint ${endpoint}`
      : typeof issuer === 'string'
        ? `issuer ${issuer}`
        : 'configuration';
  const words = WORDS[event] ?? { observed: String(detail ?? event) };
  return { about, name: event, result: 'warn', ...words };
}

/** The keys with which the gateway signs. */
function ringFindings({ bridge, identity }: ResolvedConfig): CheckFinding[] {
  const ringOf = (about: string, keys: readonly Secret[], typ: string): CheckFinding[] => {
    const all = createSigningRing(keys, typ).verificationKeys;
    const shown = all.map(({ algorithm, kid }) => `${kid} (${algorithm})`).join(', ');
    return named(about, 'keys', ok(`the first signs, all are published: ${shown}`));
  };
  return [
    ...(bridge === null ? [] : ringOf('bridge', bridge.keys, BRIDGE_TYP)),
    ...(identity === null ? [] : ringOf('identity', identity.keys, IDENTITY_TYP)),
  ];
}

export function checkConfig(
  config: ResolvedConfig,
  surroundings: Omit<CheckDependencies, 'fetchJson'> & { readonly usesProxy: boolean },
): ConfigCheck {
  const dependencies = { ...surroundings, fetchJson: createFetchJson(surroundings) };
  const { madeUp } = surroundings;
  const probes = new Map<string, IssuerProbe>(
    config.issuers.map((one) => [one.issuer, probeIssuer(one, dependencies)]),
  );
  const mirrored = new Set(mirroredIssuers(config).map(({ issuer }) => issuer));
  const exchanging = exchangingIssuers(config);

  const issuerTask =
    ({ issuer }: ResolvedIssuer): CheckTask =>
    async () => {
      const probe = probes.get(issuer) as IssuerProbe;
      const about = `issuer ${issuer}`;
      const use = {
        isMirrored: mirrored.has(issuer),
        needsTokenEndpoint: exchanging.has(issuer),
      };
      const findings = [
        ...named(about, 'metadata', await checkMetadata(probe, use)),
        ...named(about, 'keys', await checkKeys(probe)),
        ...named(about, 'introspection', await checkIntrospection(probe, madeUp)),
      ];
      return [...findings, ...named(about, 'clock', checkClock(probe))];
    };

  // A probe warns when it is built, so its notices are there already.
  const notices = [...startNotices(config), ...[...probes.values()].flatMap((one) => one.notices)];
  return {
    findings: [
      ...ringFindings(config),
      ...notices.filter(({ level }) => level === 'warn').map(noticeFinding),
      ...questions(config),
    ],
    tasks: [
      async () =>
        named('limits.store', 'connection', await checkStore(config, surroundings.random)),
      ...telemetryTasks(config, dependencies.fetchJson),
      ...config.issuers.map(issuerTask),
      ...config.endpoints.map(
        (endpoint): CheckTask =>
          async () => {
            const verdicts = await checkTokenEndpoints(endpoint, probes, dependencies);
            const about = `endpoint ${endpoint.name}`;
            return Object.entries(verdicts).flatMap(([name, verdict]) =>
              named(about, name, verdict),
            );
          },
      ),
    ],
  };
}
