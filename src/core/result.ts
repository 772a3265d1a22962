// Decides the shape of every answer inside the gateway: a value or a failure. Failures are values; exceptions are bugs.
import type { Failure } from './failure.js';

export interface Ok<T> {
  readonly ok: true;
  readonly value: T;
}

export type Result<T> = Ok<T> | Failure;

export function ok<T>(value: T): Ok<T> {
  return { ok: true, value };
}
