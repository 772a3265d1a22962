// The result of an operation that can fail: a value or a failure. An exception is a bug.
import type { Failure } from './failure.js';

export interface Ok<T> {
  readonly ok: true;
  readonly value: T;
}

export type Result<T> = Ok<T> | Failure;

export function ok<T>(value: T): Ok<T> {
  return { ok: true, value };
}
