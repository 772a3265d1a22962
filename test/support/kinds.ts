// What came of a step, in one word: the kind of a failure, or `ok`.
import type { Failure } from '../../src/core/failure.js';

export function kindOf(outcome: { readonly ok: true } | Failure | null | undefined): string {
  return outcome === null || outcome === undefined || outcome.ok ? 'ok' : outcome.definition.reason;
}
