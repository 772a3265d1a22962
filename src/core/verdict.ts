// Decides the shape of every answer inside the gateway: a value or a failure. Failures are values; exceptions are bugs.
import type { Failure } from './failure.js';

export interface Good<T> {
  readonly ok: true;
  readonly value: T;
}

export type Verdict<T> = Good<T> | Failure;

export function good<T>(value: T): Good<T> {
  return { ok: true, value };
}
