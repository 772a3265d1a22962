// The configured limits of an endpoint. The authorize room counts calls against them.

/** By `onStoreDown`: what it means for calls that the store is away. */
export const WHILE_STORE_IS_AWAY = {
  local: 'Until it is back, each process counts on its own',
  reject: 'Until it is back, calls with a limit get 503',
} as const;

/** At most `burst` calls in a window. The first call of a key begins its window. */
export interface Rate {
  /** Calls in a minute, on average over many windows. */
  readonly ratePerMinute: number;
  readonly burst: number;
  /** 60 * burst / ratePerMinute: whole seconds, of which a minute is a multiple. */
  readonly windowSeconds: number;
}

/** The kind of a limit, as logs and metrics name it. */
export type LimitKind = 'tool' | 'principal' | 'client' | 'endpoint' | 'failed_credentials';

/** Null: no limit of this kind. */
export interface EndpointLimits {
  readonly perPrincipal: Rate | null;
  readonly perClient: Rate | null;
  readonly perEndpoint: Rate | null;
  /** For each principal, by pattern of tool names. */
  readonly perTool: ReadonlyMap<string, Rate>;
}
