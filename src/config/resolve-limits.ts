// Resolves limits: the window of each rate, and the URL of the store, which may be a secret.
import type { EndpointLimits, Rate } from '../core/limits.js';
import { type Secret, secret } from '../core/secret.js';
import type { Problem } from './problems.js';
import type { WithSecrets } from './resolve-secrets.js';
import type { ResolvedConfig } from './resolved-config.js';
import type { EndpointInput } from './schema/endpoint.js';
import { type RateInput, storeProblem } from './schema/limits.js';
import type { ConfigInput } from './schema/root.js';

const resolveRate = ({ ratePerMinute, burst = ratePerMinute }: RateInput): Rate => ({
  ratePerMinute,
  burst,
  windowSeconds: (60 * burst) / ratePerMinute,
});

const rateOrNull = (input: RateInput | undefined): Rate | null =>
  input === undefined ? null : resolveRate(input);

/** Null: the endpoint has no limits of calls. */
export function resolveEndpointLimits({
  perPrincipal,
  perClient,
  perTool,
  perEndpoint,
}: WithSecrets<EndpointInput>['limits']): EndpointLimits | null {
  const tools = Object.entries(perTool);
  const rates = [perPrincipal, perClient, perEndpoint];
  if (tools.length === 0 && rates.every((rate) => rate === undefined)) return null;
  return {
    perPrincipal: rateOrNull(perPrincipal),
    perClient: rateOrNull(perClient),
    perEndpoint: rateOrNull(perEndpoint),
    perTool: new Map(tools.map(([pattern, rate]) => [pattern, resolveRate(rate)])),
  };
}

export const resolveRootLimits = ({
  store,
  failedCredentials,
  ...limits
}: WithSecrets<ConfigInput>['limits']): ResolvedConfig['limits'] => ({
  ...limits,
  store: typeof store === 'string' ? secret(store) : (store ?? null),
  failedCredentials: rateOrNull(failedCredentials),
});

/** A secret that is not the URL of a store. */
export function storeProblems(store: string | Secret | undefined): Problem[] {
  if (store === undefined || typeof store === 'string') return [];
  const problem = storeProblem(store.reveal());
  if (problem === null) return [];
  return [
    { path: ['limits', 'store'], message: `the secret is not the URL of a store: ${problem}` },
  ];
}
