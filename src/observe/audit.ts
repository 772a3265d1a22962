// The audit: one record of each call and of each denial, to a destination of its own. While records
// cannot be written, `onFailure: reject` rejects calls before any byte of them is forwarded.
import type { ResolvedAudit } from '../config/resolve-telemetry.js';
import type { Clock } from '../core/clock.js';
import type { Exchange } from '../core/exchange.js';
import type { Failure } from '../core/failure.js';
import { auditUnavailable } from '../core/failures.js';
import type { RequestSummary } from '../core/request-summary.js';
import type { CallObserver } from '../core/stages.js';
import { isListening } from '../mcp/methods.js';
import type { AuditQueue } from './audit-queue.js';
import { recordLines, unreadableLine, verdictOf } from './audit-record.js';

export interface Audit extends CallObserver {
  record(summary: RequestSummary): void;
  /** A request that node:http rejected before it became an exchange. */
  unreadable(failure: Failure, clientAddress: string): void;
}

const RETRY_SECONDS = 5;

/** Documents, health and CORS preflights: no caller, and nothing denied. */
const isPublic = ({ caller, failure, exchange }: RequestSummary): boolean =>
  caller === null && failure === null && exchange.audited === null;

/** Without a caller, and nothing vouches for it: anyone can cause as many as they like. */
const isUnproven = ({ caller, exchange: { audited } }: RequestSummary): boolean =>
  caller === null && (audited === null || ('act' in audited && !audited.isProven));

const isStream = ({ method }: Exchange, message: RequestSummary['message']): boolean =>
  message !== null && isListening(method, message);

export function createAudit(
  { onFailure }: Pick<ResolvedAudit, 'onFailure'>,
  queue: AuditQueue,
  clock: Clock,
): Audit {
  const now = (): string => new Date(clock.wallMs()).toISOString();
  return {
    forwarding(exchange, endpoint, caller, message, startedMs) {
      if (!isStream(exchange, message)) return;
      const durationMs = clock.monotonicMs() - startedMs;
      const begun = { exchange, page: false, endpoint, caller, message, failure: null, status: 0 };
      queue.add(recordLines({ ...begun, durationMs, waits: [] }, now(), 'begin'));
    },
    record(summary) {
      const { exchange, message, failure } = summary;
      if (isPublic(summary)) return;
      // The queue is for records of calls that the gateway has served.
      if (failure?.definition === auditUnavailable.definition) return queue.lose(1);
      const ended = isStream(exchange, message) && verdictOf(failure) !== 'denied';
      const lines = recordLines(summary, now(), ended ? 'end' : undefined);
      queue.add(lines, isUnproven(summary));
    },
    unreadable(failure, clientAddress) {
      queue.add([unreadableLine(failure, clientAddress, now())], true);
    },
    refusal: () =>
      onFailure === 'continue' || queue.isUp()
        ? null
        : auditUnavailable({ retryAfterSeconds: RETRY_SECONDS }),
  };
}
