// Decides what is written of an exchange: one JSON line, and which fields it may have. Never a token, a key, a header value or a body.
import { type DestinationStream, type Logger, pino } from 'pino';
import type { Failure } from '../core/failure.js';
import type { Outcome } from '../core/outcome.js';
import type { Notify } from '../core/ports.js';

export interface Log {
  readonly outcome: (outcome: Outcome) => void;
  readonly notify: Notify;
  /** A request that could not be read far enough to become an exchange. */
  readonly unread: (failure: Failure, clientAddress: string) => void;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Names come from callers; a log line has no room for a novel. */
const NAME_CHARACTERS = 200;

const short = (text: string | null | undefined): string | undefined =>
  text === null || text === undefined ? undefined : text.slice(0, NAME_CHARACTERS);

/** The stack of a bug, and only its stack: messages of foreign errors may quote what they choked on. */
function stackOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || cause.stack === undefined) return undefined;
  return `${cause.name}\n${cause.stack
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .join('\n')}`;
}

export function createLog(level: LogLevel, destination: DestinationStream): Log {
  const logger: Logger = pino(
    {
      level,
      base: null,
      messageKey: 'event',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return {
    outcome({ exchange, endpoint, caller, message, failure, status, milliseconds }) {
      const severity = failure?.row.level ?? 'info';
      if (!logger.isLevelEnabled(severity)) return;
      const call = message?.calls[0];
      const principal = caller?.kind === 'principal' ? caller.principal : undefined;
      logger[severity](
        {
          requestId: exchange.id,
          endpoint: endpoint?.path,
          client: exchange.clientAddress,
          method: exchange.method,
          status,
          reason: failure?.row.kind ?? 'ok',
          detail: failure?.detail,
          ms: Math.round(milliseconds * 1000) / 1000,
          rpc: short(call?.method),
          name: short(call?.name),
          era: message?.era,
          credential: caller?.kind,
          issuer: principal?.issuer,
          subject: short(principal?.subject),
          clientId: short(principal?.client),
          stack: failure?.row.blame === 'gateway' ? stackOf(failure.cause) : undefined,
        },
        failure?.row.event ?? 'forwarded',
      );
    },
    notify({ event, level: severity, ...fields }) {
      logger[severity](fields, event);
    },
    unread(failure, clientAddress) {
      const { level: severity, kind, status, event } = failure.row;
      logger[severity]({ client: clientAddress, status, reason: kind, detail: failure.detail }, event);
    },
  };
}
