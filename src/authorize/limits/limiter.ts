// Counts the calls of a message against the limits of its endpoint. The order is tool, principal,
// client, endpoint. The first exhausted limit rejects the message, and then no limit counts it.
import type { Limiter } from '../../core/endpoint-runtime.js';
import type { Failure } from '../../core/failure.js';
import { limitsUnavailable } from '../../core/failures.js';
import type { EndpointLimits, LimitKind, Rate } from '../../core/limits.js';
import type { Call, Message } from '../../core/message.js';
import type { Caller } from '../../core/principal.js';
import { INITIALIZE } from '../../mcp/methods.js';
import type { Count, Counter } from './counter.js';
import { clientParts, type KeyScope, limitKey, principalParts } from './limit-keys.js';
import { addRateHeaders, exhausted, type LimitState } from './rate-headers.js';
import { createToolPatterns } from './tool-patterns.js';

/** One limit that a message meets. */
interface MetLimit {
  readonly kind: LimitKind;
  readonly pattern?: string;
  readonly key: string;
  readonly rate: Rate;
  /** How many calls of the message it counts. */
  readonly calls: number;
}

/** A client that gets 429 here takes the server for an older one, or at `ping` for a dead one. */
const EXEMPT = new Set([INITIALIZE, 'server/discover', 'ping']);

/**
 * False for answers of the client and for notifications: a server would wait for the answer, and
 * clients end the session where a notification fails.
 */
const isCounted = ({ method, idText }: Call): boolean =>
  method !== null &&
  !EXEMPT.has(method) &&
  !(idText === undefined && method.startsWith('notifications/'));

/** `onLimited`: a message was rejected. */
export function createLimiter(
  limits: EndpointLimits,
  scope: KeyScope,
  counter: Counter,
  onLimited: (kind: LimitKind) => void,
): Limiter {
  const { perPrincipal, perClient, perEndpoint } = limits;
  const endpointKey = perEndpoint === null ? '' : limitKey(scope, 'endpoint', perEndpoint, []);
  const toolPatterns = createToolPatterns(limits.perTool);
  /** The keys of a principal, whose object is the same for each call with its token. */
  const known = new WeakMap<Caller, Map<string, string>>();

  function keyOf(
    caller: Caller,
    kind: LimitKind,
    rate: Rate,
    parts: (caller: Caller) => readonly unknown[],
    pattern = '',
  ): string {
    let keys = known.get(caller);
    if (keys === undefined) {
      keys = new Map();
      known.set(caller, keys);
    }
    const name = `${kind} ${pattern}`;
    const found = keys.get(name);
    if (found !== undefined) return found;
    const key = limitKey(scope, kind, rate, [pattern, ...parts(caller)]);
    keys.set(name, key);
    return key;
  }

  function metBy(caller: Caller, { calls: all }: Message): MetLimit[] {
    const counted = all.every(isCounted) ? all : all.filter(isCounted);
    const calls = counted.length;
    const met: MetLimit[] = [];
    if (calls === 0) return met;
    for (const { pattern, rate, calls: matching } of toolPatterns(counted)) {
      const key = keyOf(caller, 'tool', rate, principalParts, pattern);
      met.push({ kind: 'tool', pattern, key, rate, calls: matching });
    }
    if (perPrincipal !== null) {
      const key = keyOf(caller, 'principal', perPrincipal, principalParts);
      met.push({ kind: 'principal', key, rate: perPrincipal, calls });
    }
    if (perClient !== null) {
      const key = keyOf(caller, 'client', perClient, clientParts);
      met.push({ kind: 'client', key, rate: perClient, calls });
    }
    if (perEndpoint !== null)
      met.push({ kind: 'endpoint', key: endpointKey, rate: perEndpoint, calls });
    return met;
  }

  /** A caller can invent a pass-through credential, and with each one a key. */
  const groupOf = ({ kind: proof }: Caller, kind: LimitKind): string =>
    `${scope.endpoint} ${kind}${proof === 'pass-through' && kind !== 'endpoint' ? ' unproven' : ''}`;

  async function count(
    caller: Caller,
    met: readonly MetLimit[],
    responseHeaders: string[],
  ): Promise<Failure | null> {
    const passed: Count[] = [];
    const states: LimitState[] = [];
    for (const { kind, pattern, key, rate, calls } of met) {
      const count = await counter.add(key, calls, rate, groupOf(caller, kind));
      if (count === null) {
        for (const { undo } of passed) undo();
        return limitsUnavailable();
      }
      const { calls: counted, resetMs } = count;
      const state: LimitState = { kind, pattern, rate, counted, resetMs };
      states.push(state);
      if (counted <= rate.burst) {
        passed.push(count);
        continue;
      }
      // A window that was full before these calls needs no undo.
      if (counted - calls < rate.burst) count.undo();
      for (const { undo } of passed) undo();
      onLimited(kind);
      addRateHeaders(responseHeaders, states, state);
      return exhausted(state);
    }
    addRateHeaders(responseHeaders, states, null);
    return null;
  }

  return {
    take(caller, message, responseHeaders) {
      const met = metBy(caller, message);
      return met.length === 0 ? null : count(caller, met, responseHeaders);
    },
  };
}
