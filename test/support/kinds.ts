// The result of a step in one word: the reason of a failure, or `ok`.
import type { Failure } from '../../src/core/failure.js';

export function reasonOf(result: { readonly ok: true } | Failure | null | undefined): string {
  return result === null || result === undefined || result.ok ? 'ok' : result.definition.reason;
}
