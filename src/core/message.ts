// The JSON-RPC message of a request, as the gateway read it from the bytes that it forwards.

/** `modern`: revision 2026-07-28. `legacy`: the revisions before it. */
export type Era = 'modern' | 'legacy';

export interface Call {
  /** Null for a response of the client, which only legacy revisions have. */
  readonly method: string | null;
  /** `params.name`, `params.uri` or `params.taskId`, by method. Null if the method has none. */
  readonly name: string | null;
  /**
   * The id exactly as the caller wrote it, so that the response echoes its type (D-01, echoed id).
   * Undefined for a notification.
   */
  readonly idText: string | undefined;
}

export interface Message {
  readonly era: Era;
  /** One call, or several in a batch of revision 2025-03-26. Empty for GET and DELETE. */
  readonly calls: readonly Call[];
  /** The bytes that the gateway read and forwards. Null for GET and DELETE. */
  readonly body: Buffer | null;
}

/** The id of the one request that expects a response. Undefined without one, and for a batch. */
export function requestId({ calls }: Message): string | undefined {
  const only = calls.length === 1 ? calls[0] : undefined;
  // The upstream chose the id of a client's response. The client could take it for one of its own.
  return only?.method === null ? undefined : only?.idText;
}
