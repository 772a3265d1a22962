// Reports of events outside a request: keys refreshed, issuer down, listener ready.

export interface Notice {
  readonly event: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly [field: string]: unknown;
}

/** Reports an event to the operator. A notice never has a token or a key. */
export type Notify = (notice: Notice) => void;
