// The shape of a failure and of its row in the table (core/failures.ts).

/** Whose fault it is. Only `caller` may be 4xx or carry a challenge; `dependency` and `gateway` are 5xx. */
export type Blame = 'caller' | 'dependency' | 'gateway';

/** `bare`: a challenge without `error`, because no usable credential was presented (RFC 6750 section 3.1). */
export type Challenge = 'bare' | 'invalid_request' | 'invalid_token' | 'insufficient_scope';

export type Level = 'debug' | 'info' | 'warn' | 'error';

export interface FailureDefinition {
  readonly reason: string;
  readonly blame: Blame;
  /** HTTP status; null where the answer had already begun or nobody is left to read it. */
  readonly status: number | null;
  readonly challenge: Challenge | null;
  /** JSON-RPC error code: -(31000 + status), or one that JSON-RPC 2.0 or MCP defines. Without a status: that of the last event. */
  readonly code: number | null;
  /** The only text the caller sees: constant, so that nothing about the token or the upstream leaks (D-08, C-09). */
  readonly message: string | null;
  readonly event: string;
  readonly level: Level;
}

/** What one refusal adds to its row. `detail` and `cause` are for the log; `data` and `scopes` reach the wire. */
export interface FailureDetails {
  readonly detail?: string;
  readonly cause?: unknown;
  /** Every scope that the call needs. */
  readonly scopes?: readonly string[];
  /** Whole seconds, 1..30. Every 503 has one; without a value it is 5. */
  readonly retryAfterSeconds?: number;
  /** Value of the Allow header of a 405 (RFC 9110 section 15.5.6). */
  readonly allow?: string;
  /** The caller's JSON-RPC id as written, where the body was read far enough to know it (D-01). */
  readonly idText?: string;
  /** Joins the `data` of the JSON-RPC error. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** A refusal: a value that is returned, never thrown. */
export interface Failure extends FailureDetails {
  readonly ok: false;
  readonly definition: FailureDefinition;
}

/** Makes a failure of one row. */
export type MakeFailure = ((details?: FailureDetails) => Failure) & {
  readonly definition: FailureDefinition;
};

/** The columns of one row. Defaults: no status, no challenge, code -(31000 + status), no message. */
export type FailureColumns = Pick<FailureDefinition, 'reason' | 'blame' | 'event' | 'level'> &
  Partial<Pick<FailureDefinition, 'status' | 'challenge' | 'code' | 'message'>>;

export function defineFailure(columns: FailureColumns): MakeFailure {
  const { status = null } = columns;
  const code = status === null ? null : -(31_000 + status);
  const definition: FailureDefinition = Object.freeze({
    status,
    challenge: null,
    code,
    message: null,
    ...columns,
  });
  const make = (details?: FailureDetails): Failure => ({ ok: false, definition, ...details });
  return Object.assign(make, { definition });
}

/** Retry-After in whole seconds for statuses that carry one (503, 429), else undefined. Bounds: 1..30. */
export function retryAfterSeconds(failure: Failure): number | undefined {
  if (failure.definition.status !== 503 && failure.definition.status !== 429) return undefined;
  return Math.min(30, Math.max(1, Math.ceil(failure.retryAfterSeconds ?? 5)));
}
