// Explains a bearer token with the steps of the gateway itself, without a listener. It sends
// requests to the issuers of the configuration only.
import { checkAudience } from '../authorize/audience.js';
import { callValues } from '../authorize/explain-call.js';
import { createAuthorizer } from '../authorize/policy.js';
import type { ResolvedConfig } from '../config/resolved-config.js';
import type { Clock } from '../core/clock.js';
import type { Endpoint } from '../core/endpoint.js';
import type { RequestHead } from '../core/exchange.js';
import type { Explanation, ExplanationWithStatus } from '../core/explanation.js';
import { type Message, requestId } from '../core/message.js';
import type { Notify } from '../core/notice.js';
import { errorStatus } from '../http/error-response.js';
import { createBearerAuthenticator } from '../verify/authenticators/bearer.js';
import { readCredential } from '../verify/credential.js';
import { createExplain } from '../verify/explain.js';
import { recordIntrospections } from '../verify/explain-introspection.js';
import type { IssuerRuntime } from '../verify/issuer/issuer-runtime.js';
import { systemScheduler } from './app.js';
import { createKeep } from './keep.js';
import { acceptedBy, issuerRuntimes } from './runtime.js';

/** Every call needs at least what this one needs. */
const LIST: Message = {
  era: 'modern',
  calls: [{ method: 'tools/list', name: null, idText: '1' }],
  body: null,
};

export interface ExplainSettings {
  readonly config: ResolvedConfig;
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  /** 0..1, for jitter. */
  readonly random: () => number;
  readonly notify: Notify;
}

/** `tool`: explain a call of this tool; null: what every call needs. */
export type ExplainToken = (token: string, tool: string | null) => Promise<ExplanationWithStatus>;

export function createExplainToken(settings: ExplainSettings): ExplainToken {
  const { config, endpoint, clock } = settings;
  const shared = { ...settings, schedule: systemScheduler, issuers: createKeep<IssuerRuntime>() };
  const introspections = recordIntrospections(
    acceptedBy(endpoint, issuerRuntimes(config.issuers, shared)),
  );
  const { issuers } = introspections;
  const audience = checkAudience;
  const authenticator = createBearerAuthenticator(issuers, audience, clock);
  const explain = createExplain({
    endpoint,
    issuers,
    authenticator,
    audience,
    clock,
    introspections,
  });
  const authorizer = createAuthorizer(endpoint);
  const { path } = endpoint;

  return async (token, tool) => {
    const head: RequestHead = {
      method: 'POST',
      version: '1.1',
      target: path,
      absolute: null,
      path,
      names: ['authorization'],
      values: [`Bearer ${token}`],
    };
    const credential = readCredential(head, endpoint);
    const call: Message =
      tool === null
        ? LIST
        : { ...LIST, calls: [{ method: 'tools/call', name: tool, idText: '1' }] };
    const withStatus = (explanation: Explanation): ExplanationWithStatus => {
      const { failure } = explanation;
      const status = failure === null ? null : errorStatus(endpoint, failure, requestId(call));
      return { ...explanation, status };
    };
    const step = { name: 'credential', observed: { scheme: 'Bearer' }, expected: {} };
    if (!credential.ok) {
      const failed = { ...step, state: 'fail', failure: credential, wouldPass: false } as const;
      return withStatus({ steps: [failed], failure: credential });
    }
    const requirements = tool === null ? null : authorizer.requirements('tool', tool);
    const explanation = await explain(token, [{ ...step, reject: () => null }], (caller) => ({
      name: tool === null ? 'scope' : 'scope and policy of the call',
      ...(caller === null ? {} : { reject: () => authorizer.check(caller, call) }),
      ...callValues(caller, endpoint, tool, requirements),
    }));
    return withStatus(explanation);
  };
}
