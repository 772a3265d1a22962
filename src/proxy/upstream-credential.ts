// Decides what the gateway presents to the upstream on the caller's behalf. Never the caller's bearer token.
import type { Caller } from '../core/principal.js';

const NOTHING: readonly string[] = [];

/** Flat name, value pairs. A pass-through caller's own header travels untouched, and nothing of ours beside it (C-101). */
export function onwardCredential(caller: Caller): readonly string[] {
  return caller.kind === 'pass-through'
    ? [caller.credential.header, caller.credential.value]
    : NOTHING;
}
