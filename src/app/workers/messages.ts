// The messages between the primary and its workers. The primary has the listeners, and each worker
// is a process that serves connections.
import type { AddressInfo } from 'node:net';
import type { Notice } from '../../core/notice.js';

/** Every setting of a worker: packed.ts packs the configuration, the keys and the session key. */
export interface WorkerStart {
  readonly version: string;
  readonly config: unknown;
  readonly apiKeys: unknown;
  /** Seals sessions where the operator configured no key. All workers have the same one. */
  readonly sessionKey: unknown;
  readonly address: AddressInfo;
  readonly adminAddress: AddressInfo;
  readonly isReady: boolean;
}

/**
 * The questions of the primary. Their answers: the text of the metrics; the state; null or the
 * problems of the reload; nothing; the number of exchanges that the drain cut.
 */
export type Question =
  | { readonly what: 'metrics' }
  | { readonly what: 'status' }
  | { readonly what: 'reload'; readonly config: unknown; readonly apiKeys: unknown }
  | { readonly what: 'announce' }
  | { readonly what: 'drain'; readonly drainMs: number };

/** A worker that answers a question about its state later hangs, or has too much to do. */
export const ANSWER_MS = 1_000;

export type ToWorker =
  | ({ readonly kind: 'start' } & WorkerStart)
  /** With a socket. The worker answers `taken`. */
  | { readonly kind: 'connection' }
  /** The answer of /readyz on the public listener from now on. */
  | { readonly kind: 'readiness'; readonly isReady: boolean }
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question };

export type ToPrimary =
  /** It can get messages. */
  | { readonly kind: 'loaded' }
  /** It has tried the keys of each issuer, and serves connections. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'taken' }
  /** It cannot open a destination. The problem says how to fix it. */
  | { readonly kind: 'refused'; readonly problem: string }
  | { readonly kind: 'notice'; readonly notice: Notice }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  /** The question caused an exception. */
  | { readonly kind: 'failed'; readonly id: number; readonly problem: string };
