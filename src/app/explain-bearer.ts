// Explains bearer tokens of the issuers of an endpoint. It sends requests to the issuers of the
// configuration only.
import { checkAudience } from '../authorize/audience.js';
import type { Explanation, ExplanationFix } from '../core/explanation.js';
import type { Caller } from '../core/principal.js';
import type { FetchJson } from '../idp/fetch-json.js';
import { createBearerAuthenticator } from '../verify/authenticators/bearer.js';
import { unverifiedFacts } from '../verify/authenticators/jwt.js';
import { createExplain } from '../verify/explain.js';
import { recordIntrospections } from '../verify/explain-introspection.js';
import type { PlannedStep } from '../verify/explain-steps.js';
import type { IssuerRuntime } from '../verify/issuer/issuer-runtime.js';
import { createSelectVerifier } from '../verify/select-verifier.js';
import { fixFor } from './explain-fix.js';
import type { ExplainSettings } from './explain-settings.js';
import { tokenIssuers } from './issued-tokens.js';
import type { Keep } from './keep.js';
import { acceptedBy, issuerRuntimes } from './runtime.js';
import { systemScheduler } from './system-scheduler.js';

export interface ExplainBearer {
  /** True: an opaque text may be a token, because an issuer introspects it. */
  readonly takesOpaque: boolean;
  /** `first`: the step before those of the token. `last`: the step after them. */
  explain(
    token: string,
    first: PlannedStep,
    last: (caller: Caller | null) => PlannedStep,
  ): Promise<Explanation>;
  /** Null: nothing in the configuration is the reason. */
  fixFor(explanation: Explanation, token: string): ExplanationFix | null;
}

export function createExplainBearer(
  settings: ExplainSettings,
  kept: Keep<IssuerRuntime>,
  fetchJson: FetchJson,
): ExplainBearer {
  const { config, endpoint, clock, written = null } = settings;
  const shared = { ...settings, schedule: systemScheduler, issuers: kept, fetchJson };
  const introspections = recordIntrospections(
    acceptedBy(
      endpoint,
      tokenIssuers(config.issuers, issuerRuntimes(config.issuers, shared), shared),
    ),
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
  const bridged = config.endpoints.filter(({ isBridged }) => isBridged);
  const names = [...new Set(bridged.map(({ name }) => name))];
  const bridge = config.bridge === null ? null : { issuer: config.bridge.issuer, names };
  return {
    takesOpaque: [...issuers.values()].some(({ introspect }) => introspect !== null),
    explain: (token, first, last) => explain(token, [first], last),
    fixFor(explanation, token) {
      if (written === null) return null;
      const selected = createSelectVerifier(issuers)(token);
      const { jwt = null, issuer } = selected.ok ? selected.value : {};
      const facts = jwt !== null && issuer ? unverifiedFacts(jwt, issuer.policy) : null;
      return fixFor(explanation, {
        written,
        endpoint,
        issuers,
        configured: config.issuers.map((one) => one.issuer),
        facades: config.issuers.flatMap(({ facade }) => facade?.issuer ?? []),
        bridge,
        token,
        nowSeconds: clock.wallMs() / 1000,
        // For an opaque token only the issuer knows the facts.
        passesWith: (audiences) =>
          !facts?.ok || checkAudience(facts.value, { ...endpoint, audience: audiences }) === null,
      });
    },
  };
}
