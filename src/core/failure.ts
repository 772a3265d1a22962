// The type of a failure, and of its row in the table of core/failures.ts.
import { extended } from './extended.js';
import type { UnverifiedClaims, VouchedToken } from './presented-token.js';

/**
 * Who has to act. Only `caller` has 4xx statuses or a challenge. A `dependency` is an issuer or an
 * upstream; it and `gateway` have 5xx statuses.
 */
export type Blame = 'caller' | 'dependency' | 'gateway';

/**
 * `error` of the challenge. `bare`: a challenge without `error`, because the request had no usable
 * credential (RFC 6750 section 3.1).
 */
export type Challenge = 'bare' | 'invalid_request' | 'invalid_token' | 'insufficient_scope';

export type Level = 'debug' | 'info' | 'warn' | 'error';

export interface FailureDefinition {
  readonly reason: string;
  readonly blame: Blame;
  /** HTTP status. Null: the response had begun, or the client has disconnected. */
  readonly status: number | null;
  readonly challenge: Challenge | null;
  /**
   * JSON-RPC error code: -(31000 + status), or a code that JSON-RPC 2.0 or MCP defines. Without a
   * status it is the code of the last event of a stream.
   */
  readonly code: number | null;
  /**
   * The only text that the caller sees. It is constant, so that it reveals nothing about the token
   * or the upstream (D-08, fixed strings; C-09, indistinguishable token failures).
   */
  readonly message: string | null;
  /** Event and level of the log line. */
  readonly event: string;
  readonly level: Level;
}

/**
 * Facts of one rejection. `detail`, `rule`, `cause`, `unverified` and `vouched` go to the log or to
 * the audit only, the others to the caller.
 */
export interface FailureDetails {
  readonly detail?: string;
  /** The setting that denied the call, such as `tools.rules[2]` or `perTool "export_*"`. */
  readonly rule?: string;
  readonly cause?: unknown;
  /** From the rejected JWT. Nothing in it is proven. */
  readonly unverified?: UnverifiedClaims;
  /** From a rejected token for which its issuer vouched. */
  readonly vouched?: VouchedToken;
  /** Every scope that the call requires (A-31, one complete challenge). */
  readonly scopes?: readonly string[];
  /** Seconds until a retry, by default 5. A 503 has whole seconds from 1 to 30. */
  readonly retryAfterSeconds?: number;
  /** Value of the Allow header of a 405 (RFC 9110 section 15.5.6). */
  readonly allow?: string;
  /** True: the upstream answered 401 to the credential of the gateway, which may be outdated. */
  readonly rejectsCredential?: true;
  /** The JSON-RPC id as the caller wrote it, if the gateway has read it (D-01, echoed id). */
  readonly idText?: string;
  /** Further members of `data` in the JSON-RPC error. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** A rejection. Functions return it as a value and never throw it. */
export interface Failure extends FailureDetails {
  readonly ok: false;
  readonly definition: FailureDefinition;
}

/** Creates a failure of one row. */
export type MakeFailure = ((details?: FailureDetails) => Failure) & {
  readonly definition: FailureDefinition;
};

/** Columns of a row. Defaults: no status, no challenge, code -(31000 + status), no message. */
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

/**
 * Value of Retry-After: for 503 whole seconds from 1 to 30, for 429 those until the limit has room
 * again. Otherwise undefined.
 */
export function retryAfterSeconds(failure: Failure): number | undefined {
  const { status } = failure.definition;
  if (status !== 503 && status !== 429) return undefined;
  const seconds = Math.max(1, Math.ceil(failure.retryAfterSeconds ?? 5));
  return status === 503 ? Math.min(30, seconds) : seconds;
}

/** `idText`: the id of the rejected call, as the client wrote it. */
export const ofCall = (failure: Failure, idText: string | undefined): Failure =>
  idText === undefined ? failure : extended(failure, { idText });
