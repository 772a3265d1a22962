// Explains a token or an API key with the steps of the gateway itself, without a listener. It sends
// requests to the issuers and the token endpoints of the configuration only.
import { basename } from 'node:path';
import { createAuthorizer } from '../authorize/policy.js';
import type { ResolvedConfig } from '../config/resolved-config.js';
import { headerText } from '../core/api-key.js';
import type { Credential } from '../core/credential.js';
import type {
  Explanation,
  ExplanationFix,
  ExplanationWithStatus,
  Values,
} from '../core/explanation.js';
import { requestId } from '../core/message.js';
import { isPlainName } from '../core/plain-name.js';
import type { Caller } from '../core/principal.js';
import type { Result } from '../core/result.js';
import { errorStatus } from '../http/error-response.js';
import { createFetchJson } from '../idp/fetch-json.js';
import { readCredential } from '../verify/credential.js';
import { type PlannedStep, toSteps } from '../verify/explain-steps.js';
import type { IssuerRuntime } from '../verify/issuer/issuer-runtime.js';
import { createExplainBearer } from './explain-bearer.js';
import { createExplainBridge } from './explain-bridge.js';
import { carrierValues, explainKey } from './explain-key.js';
import { keyFixFor } from './explain-key-fix.js';
import type { ExplainSettings } from './explain-settings.js';
import { createExplainUpstream } from './explain-upstream.js';
import { upstreamFixFor } from './explain-upstream-fix.js';
import { callOf, callStep, headOf } from './explained-call.js';
import { configuredNames, type GivenCredential, headerFor, knownKeys } from './given-credential.js';
import { createKeep } from './keep.js';

/**
 * `given`: a text is a token or a key without its header. `tool`: explain a call of this tool;
 * null: what every call needs.
 */
export type ExplainToken = (
  given: string | GivenCredential,
  tool: string | null,
) => Promise<ExplanationWithStatus>;

interface WithCaller extends Explanation {
  /** Null: unknown. */
  readonly caller: Caller | null;
}

/** Never a part of a key with white space inside. */
function schemeOf(value: string, configured: ReadonlySet<string>): string {
  const scheme = /^(\S+) /.exec(value)?.[1];
  if (scheme === undefined) return 'none';
  const isName = isPlainName(scheme) || configured.has(scheme.toLowerCase());
  return isName ? scheme : 'not the name of a scheme';
}

/** `registry`: how many keys there are, and where the operator wrote them. */
function registryValues({ apiKeys: own, apiKeysFile }: ResolvedConfig, all: number): Values {
  const inConfig = `${own.length} in the configuration`;
  if (apiKeysFile === null) return { keys: inConfig };
  return { keys: `${inConfig}, ${all - own.length} in ${basename(apiKeysFile)}` };
}

export function createExplainToken(settings: ExplainSettings): ExplainToken {
  const { config, endpoint, clock, written = null, apiKeys = config.apiKeys } = settings;
  const keys = knownKeys(apiKeys, config.endpoints);
  const names = configuredNames(config.endpoints);
  const registry = registryValues(config, apiKeys.length);
  const fetchJson = createFetchJson(settings);
  // The step of the upstream uses the same metadata.
  const issuers = createKeep<IssuerRuntime>();
  const bearer =
    endpoint.isBridged && config.bridge !== null
      ? createExplainBridge(settings, config.bridge, keys, registry)
      : createExplainBearer(settings, issuers, fetchJson);
  const authorizer = createAuthorizer(endpoint);
  const explainUpstream = createExplainUpstream(settings, issuers, fetchJson);

  function explainCall(
    value: Credential,
    first: PlannedStep,
    last: (caller: Caller | null) => PlannedStep,
  ): Promise<Explanation> {
    if (value.kind === 'bearer') return bearer.explain(value.token, first, last);
    if (value.kind === 'pass-through') throw new Error('only the upstream verifies it');
    return explainKey(value, { endpoint, keys, clock, registry }, first, last);
  }

  async function explain(
    credential: Result<Credential>,
    first: PlannedStep,
    tool: string | null,
  ): Promise<WithCaller> {
    if (!credential.ok)
      return { steps: toSteps([first], credential), failure: credential, caller: null };
    let caller: Caller | null = null;
    const explanation = await explainCall(credential.value, first, (one) => {
      caller = one;
      return callStep(endpoint, authorizer, tool, one);
    });
    return { ...(await explainUpstream(explanation, caller, credential.value)), caller };
  }

  function fixFor(explanation: WithCaller, given: GivenCredential): ExplanationFix | null {
    if (written === null) return null;
    const { apiKeysFile } = config;
    const ofUpstream = upstreamFixFor(explanation, { written, endpoint, apiKeysFile });
    if (ofUpstream !== null) return ofUpstream;
    const context = { written, endpoint, keys, given, apiKeysFile };
    const ofKey = keyFixFor(explanation, context);
    return ofKey ?? bearer.fixFor(explanation, given.text);
  }

  return async (text, tool) => {
    const given = typeof text === 'string' ? { text, header: null } : text;
    const { name, value } = headerFor(given, endpoint, keys, bearer.takesOpaque);
    const credential = readCredential(headOf(endpoint.path, name, value), endpoint);
    const isBearer = credential.ok && credential.value.kind === 'bearer';
    const isKey = credential.ok && !isBearer;
    const first: PlannedStep = {
      name: 'credential',
      reject: () => (credential.ok ? null : credential),
      observed: {
        ...(name === 'authorization'
          ? { scheme: schemeOf(value, names) }
          : { header: headerText(name) }),
        ...(isKey && given.header === null ? { given: 'the key alone' } : {}),
      },
      expected: isBearer ? {} : carrierValues(endpoint),
    };
    const explanation = await explain(credential, first, tool);
    const { steps, failure } = explanation;
    const idText = requestId(callOf(tool));
    const status = failure === null ? null : errorStatus(endpoint, failure, idText);
    const isKnown = keys.registry.find(given.text) !== null;
    return { steps, failure, status, isKey: isKey || isKnown, fix: fixFor(explanation, given) };
  };
}
