// Keeps the last rejections and errors in memory, for the page of the admin listener. Holds no
// token, key or header: texts of callers are cut and masked as in the log.
import type { Clock } from '../core/clock.js';
import type { Failure } from '../core/failure.js';
import type { Call } from '../core/message.js';
import type { RequestSummary } from '../core/request-summary.js';
import type { RecentRefusal } from '../core/status.js';
import { carriersOf, nameField, shorten } from './log-fields.js';
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
  readonly atMs: number;
  readonly count: number;
  /** The facts as JSON: a copy. A part of a long text would keep the whole text in memory. */
  readonly facts: string;
}

/** The last entries, one for each key. A map has its keys in the order in which they were set. */
function createRing(size: number) {
  const entries = new Map<string, Entry>();
  return {
    add(key: string, atMs: number, facts: string): void {
      const count = 1 + (entries.get(key)?.count ?? 0);
      if (count > 1) entries.delete(key);
      else if (entries.size === size) entries.delete(entries.keys().next().value as string);
      entries.set(key, { atMs, count, facts });
    },
    all: (): Entry[] => [...entries.values()],
  };
}

export function createRecentRefusals(clock: Clock): RecentRefusals {
  const rings = { caller: createRing(ENTRIES.caller), other: createRing(ENTRIES.other) };

  function add(facts: Facts): void {
    const { reason, blame, endpoint, method, name } = facts;
    const key = JSON.stringify([reason, endpoint, method, name]);
    const ring = blame === 'caller' ? rings.caller : rings.other;
    ring.add(key, clock.wallMs(), JSON.stringify(facts));
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
      add({
        reason,
        blame,
        status,
        endpoint: endpoint?.name ?? null,
        method: shorten(call?.method, carriers) ?? null,
        name: isNamed ? (shorten(call.name, carriers) ?? null) : null,
        clientAddress: exchange.clientAddress,
        requestId: exchange.id,
        detail:
          detail === undefined ? null : maskTokens(detail.slice(0, DETAIL_CHARACTERS), carriers),
      });
    },
    unreadable({ definition, detail }, clientAddress) {
      const { reason, blame, status } = definition;
      const shown = detail === undefined ? null : maskTokens(detail.slice(0, DETAIL_CHARACTERS));
      const none = { endpoint: null, method: null, name: null, requestId: null };
      add({ reason, blame, status, ...none, clientAddress, detail: shown });
    },
    list: () =>
      [...rings.caller.all(), ...rings.other.all()]
        .sort((some, other) => other.atMs - some.atMs)
        .map(({ atMs, count, facts }) => ({
          at: new Date(atMs).toISOString(),
          count,
          ...(JSON.parse(facts) as Facts),
        })),
  };
}
