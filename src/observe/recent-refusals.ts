// Keeps the last rejections and errors in memory, for the page of the admin listener. Holds no
// token, key or header: texts of callers are cut and masked as in the log.
import type { Clock } from '../core/clock.js';
import { extended } from '../core/extended.js';
import type { Failure } from '../core/failure.js';
import type { Call } from '../core/message.js';
import type { RequestSummary } from '../core/request-summary.js';
import type { RecentRefusal } from '../core/status.js';
import { callerFields, carriersOf, nameField, shorten } from './log-fields.js';
import { maskTokens } from './mask-tokens.js';

export interface RecentRefusals {
  /** A request that ended with a failure. */
  readonly request: (summary: RequestSummary, failure: Failure) => void;
  /** A request that node:http rejected before it became an exchange. */
  readonly unreadable: (failure: Failure, clientAddress: string) => void;
  /** The newest first. */
  list(): RecentRefusal[];
}

/**
 * Entries for failures of callers, and for those of others. They are apart, so that a flood of bad
 * tokens does not hide that an upstream is down.
 */
const ENTRIES = { caller: 100, other: 50 };
const DETAIL_CHARACTERS = 300;

type Facts = Omit<RecentRefusal, 'at' | 'count'>;

interface Entry {
  /** Counts up with each refusal: several can be in one millisecond. */
  order: number;
  atMs: number;
  count: number;
  /** The facts as JSON: a copy. A part of a long text would keep the whole text in memory. */
  facts: string;
}

type Refusal = Omit<Entry, 'count'>;

/** The last entries, one for each key. */
function createRing(size: number) {
  const entries = new Map<string, Entry>();

  function deleteOldest(): void {
    const [first, ...others] = entries;
    if (first === undefined) return;
    const [key] = others.reduce(
      (some, other) => (other[1].order < some[1].order ? other : some),
      first,
    );
    entries.delete(key);
  }

  return {
    /** It changes an entry in place. A map that changes often leaves old tables as garbage. */
    add(key: string, refusal: Refusal): void {
      const known = entries.get(key);
      if (known !== undefined) {
        Object.assign(known, refusal, { count: known.count + 1 });
        return;
      }
      if (entries.size === size) deleteOldest();
      entries.set(key, extended(refusal, { count: 1 }));
    },
    all: (): Entry[] => [...entries.values()],
  };
}

export function createRecentRefusals(clock: Clock): RecentRefusals {
  const rings = { caller: createRing(ENTRIES.caller), other: createRing(ENTRIES.other) };
  let order = 0;

  function add(facts: Facts): void {
    const { reason, blame, endpoint, method, name } = facts;
    const key = JSON.stringify([reason, endpoint, method, name]);
    const ring = blame === 'caller' ? rings.caller : rings.other;
    ring.add(key, { order: order++, atMs: clock.wallMs(), facts: JSON.stringify(facts) });
  }

  return {
    request(summary, { definition, detail }) {
      // The client is gone. This happens all the time, and is not a rejection.
      if (definition.level === 'debug') return;
      const { exchange, endpoint, message, status } = summary;
      const carriers = carriersOf(summary);
      const call: Call | undefined = message?.calls[0];
      const isNamed = call !== undefined && nameField(call) !== null;
      const { reason, blame } = definition;
      const { subject, clientId, keyFingerprint } = callerFields(summary);
      add({
        reason,
        blame,
        status,
        endpoint: endpoint?.name ?? null,
        method: shorten(call?.method, carriers) ?? null,
        name: isNamed ? (shorten(call.name, carriers) ?? null) : null,
        clientAddress: exchange.clientAddress,
        requestId: exchange.id,
        subject: subject ?? null,
        clientId: clientId ?? null,
        keyFingerprint: keyFingerprint ?? null,
        detail:
          detail === undefined ? null : maskTokens(detail.slice(0, DETAIL_CHARACTERS), carriers),
      });
    },
    unreadable({ definition, detail }, clientAddress) {
      const { reason, blame, status } = definition;
      const shown = detail === undefined ? null : maskTokens(detail.slice(0, DETAIL_CHARACTERS));
      const none = { endpoint: null, method: null, name: null, requestId: null };
      const nobody = { subject: null, clientId: null, keyFingerprint: null };
      add({ reason, blame, status, ...none, ...nobody, clientAddress, detail: shown });
    },
    list: () =>
      [...rings.caller.all(), ...rings.other.all()]
        .sort((some, other) => other.order - some.order)
        .map(({ atMs, count, facts }) => ({
          at: new Date(atMs).toISOString(),
          count,
          ...(JSON.parse(facts) as Facts),
        })),
  };
}
