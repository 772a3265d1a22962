// Writes the log: one JSON line for each request and each notice. log-fields.ts decides which
// fields a line may have.
import { type Logger, pino } from 'pino';
import type { Clock } from '../core/clock.js';
import type { Failure } from '../core/failure.js';
import type { Notify } from '../core/notice.js';
import type { RequestSummary } from '../core/request-summary.js';
import { createForwardedLines } from './forwarded-lines.js';
import { callFields, roundedMs, sharedFields, stackOf } from './log-fields.js';
import { asciiJson, timestamp } from './log-text.js';
import { rejectionFields } from './rejection-fields.js';

export interface Log {
  readonly request: (summary: RequestSummary) => void;
  readonly notify: Notify;
  /** A request that node:http rejected before it became an exchange. */
  readonly unreadable: (failure: Failure, clientAddress: string) => void;
  /**
   * Writes the lines that wait: those of successful requests for at most 50 ms, those of other
   * requests for a turn of the event loop.
   */
  readonly flush: () => void;
  /** Lines below this level are left out from now on. */
  readonly setLevel: (level: LogLevel) => void;
}

/** Gets lines as bytes: a stream of strings costs a fifth more (measured). */
export interface LogSink {
  write(lines: Buffer): unknown;
  /** Calls `done` once, when everything that it was given has been written. */
  written?(done: () => void): void;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export function createLog(level: LogLevel, destination: LogSink, clock: Clock): Log {
  /** Set while a template is made: pino then writes here, with this text as the time. */
  let template: { readonly timeSlot: string; line: string } | null = null;
  const logger: Logger = pino(
    {
      level,
      base: null,
      messageKey: 'event',
      timestamp: () =>
        `,"time":${template === null ? timestamp(clock.wallMs()) : template.timeSlot}`,
      formatters: { level: (label) => ({ level: label }) },
    },
    {
      write(line) {
        if (template === null) forwarded.addLine(asciiJson(line));
        else template.line = line;
      },
    },
  );

  function render(fields: Readonly<Record<string, unknown>>, timeSlot: string): string {
    const made = { timeSlot, line: '' };
    template = made;
    logger.info(fields, 'forwarded');
    template = null;
    return made.line;
  }

  const forwarded = createForwardedLines(render, (lines) => void destination.write(lines), clock);

  /** A new object. To spread its parts into another one takes several times as long (measured). */
  function lineFields(summary: RequestSummary): Record<string, unknown> {
    const { exchange, durationMs } = summary;
    const fields = sharedFields(summary);
    fields.requestId = exchange.id;
    fields.clientAddress = exchange.clientAddress;
    fields.durationMs = roundedMs(durationMs);
    return Object.assign(fields, callFields(summary));
  }

  function succeeded(summary: RequestSummary): void {
    if (!forwarded.add(summary)) logger.info(lineFields(summary), 'forwarded');
  }

  function failed(summary: RequestSummary, failure: Failure): void {
    const { event, blame, level: severity } = failure.definition;
    if (!logger.isLevelEnabled(severity)) return;
    const fields = Object.assign(lineFields(summary), rejectionFields(summary));
    if (blame === 'gateway') fields.stack = stackOf(failure.cause);
    logger[severity](fields, event);
    if (severity === 'error') forwarded.flush();
  }

  function page({ exchange, status, durationMs }: RequestSummary): void {
    if (!logger.isLevelEnabled('debug')) return;
    const fields = {
      reason: 'ok',
      'http.response.status_code': status,
      'http.request.method': exchange.method,
      'url.path': exchange.path,
      requestId: exchange.id,
      clientAddress: exchange.clientAddress,
      durationMs: roundedMs(durationMs),
    };
    logger.debug(fields, 'page');
  }

  let writesSucceeded = logger.isLevelEnabled('info');
  return {
    request(summary) {
      if (summary.page) page(summary);
      else if (summary.failure !== null) failed(summary, summary.failure);
      else if (writesSucceeded) succeeded(summary);
    },
    flush: forwarded.flush,
    setLevel(next) {
      logger.level = next;
      writesSucceeded = logger.isLevelEnabled('info');
    },
    notify({ event, level: severity, ...fields }) {
      logger[severity](fields, event);
      forwarded.flush();
    },
    unreadable({ definition, detail }, clientAddress) {
      forwarded.flush();
      const { level: severity, reason, status, event } = definition;
      logger[severity](
        { clientAddress, 'http.response.status_code': status, reason, detail },
        event,
      );
    },
  };
}
