// Builds the limits of one configuration: a limiter for each endpoint that has limits, the limit of
// failed credentials, and the store of their counts. Without limits it loads and opens nothing.
import { createGuessLimit } from '../authorize/limits/guesses.js';
import { createLimiter } from '../authorize/limits/limiter.js';
import {
  createLimitStore,
  type LimitStore,
  type LimitStoreDependencies,
} from '../authorize/limits/store.js';
import type { ResolvedConfig } from '../config/resolved-config.js';
import type { Endpoint } from '../core/endpoint.js';
import type { GuessLimit, Limiter } from '../core/endpoint-runtime.js';
import type { LimitKind } from '../core/limits.js';
import type { LimitedState, LimitState } from '../observe/gateway-state.js';
import { createKeep, type Keep } from './keep.js';

/** The parts that outlive a swap: counts of a rate that did not change go on. */
export interface LimitParts {
  readonly stores: Keep<LimitStore>;
  /** Rejections by endpoint and kind, since the start. */
  readonly limited: Map<string, LimitedState>;
  close(): void;
}

export function createLimitParts(): LimitParts {
  const stores = createKeep<LimitStore>();
  return {
    stores,
    limited: new Map(),
    close() {
      for (const store of stores.all()) store.close();
    },
  };
}

export interface LimitDependencies extends LimitStoreDependencies {
  /** True in a worker: the primary counts, where no store is configured. */
  readonly countsInPrimary?: boolean;
  readonly limits: LimitParts;
}

export interface Limits {
  of(endpoint: Endpoint): Limiter | null;
  /** Null: no limit of failed credentials. */
  readonly guesses: GuessLimit | null;
  state(): LimitState;
  /** Closes the stores that this configuration does not use. */
  activate(): void;
}

export function createLimits(
  { publicUrl: deployment, limits, endpoints }: ResolvedConfig,
  dependencies: LimitDependencies,
): Limits {
  const { clock, countsInPrimary = false } = dependencies;
  const { stores, limited } = dependencies.limits;
  const { store: url, onStoreDown, failedCredentials } = limits;
  const isLimited =
    failedCredentials !== null || endpoints.some((endpoint) => endpoint.limits !== null);
  const kind =
    url === null
      ? { kind: countsInPrimary ? ('cluster' as const) : ('memory' as const) }
      : { kind: 'redis' as const, url, onStoreDown };
  const store = isLimited ? stores.get(kind, () => createLimitStore(kind, dependencies)) : null;

  const countRejections =
    (endpoint: string) =>
    (limit: LimitKind): void => {
      const name = `${limit} ${endpoint}`;
      const count = (limited.get(name)?.count ?? 0) + 1;
      limited.set(name, { endpoint, limit, count });
    };

  return {
    of: ({ name, limits: ofEndpoint }) =>
      store === null || ofEndpoint === null
        ? null
        : createLimiter(ofEndpoint, { deployment, endpoint: name }, store, countRejections(name)),
    guesses:
      store === null || failedCredentials === null
        ? null
        : createGuessLimit(failedCredentials, {
            deployment,
            counter: store,
            clock,
            onLimited: countRejections('all'),
          }),
    state: () => ({ storeIsUp: store?.isUp() ?? null, limited: [...limited.values()] }),
    activate() {
      const used = new Set(store === null ? [] : [store]);
      for (const forgotten of stores.retain(used)) forgotten.close();
    },
  };
}
