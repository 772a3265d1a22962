// Decides what the gateway knows of the JSON-RPC message it was asked to carry: what it read from the very bytes it forwards.

export type Era = 'modern' | 'legacy';

export interface Call {
  /** Null for a response of the client (legacy revisions only). */
  readonly method: string | null;
  /** `params.name`, `params.uri` or `params.taskId`, by method; null where the method has none. */
  readonly name: string | null;
  /** The id exactly as the caller wrote it, so that it is echoed with its type (D-01); undefined for a notification. */
  readonly idText: string | undefined;
}

export interface Message {
  readonly era: Era;
  /** One call; several only in a batch of revision 2025-03-26. Empty for GET and DELETE. */
  readonly calls: readonly Call[];
  /** The bytes that were read and are forwarded; null for GET and DELETE. */
  readonly body: Buffer | null;
}

/** The id of the one request that waits for an answer; undefined where there is none, or several in a batch. */
export function requestId({ calls }: Message): string | undefined {
  const only = calls.length === 1 ? calls[0] : undefined;
  // The id of a client's response is one that the server drew: echoed, it could be taken for one of the client's own.
  return only?.method === null ? undefined : only?.idText;
}
