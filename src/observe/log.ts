// Decides what is written of an exchange: one JSON line, and which fields it may have. Never a token, a key, a header value or a body.
import { randomBytes } from 'node:crypto';
import { type Logger, pino } from 'pino';
import type { Clock } from '../core/clock.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Failure } from '../core/failure.js';
import type { Era, Message } from '../core/message.js';
import type { Notify } from '../core/notice.js';
import type { Caller } from '../core/principal.js';
import type { RequestSummary } from '../core/request-summary.js';

export interface Log {
  readonly outcome: (outcome: RequestSummary) => void;
  readonly notify: Notify;
  /** A request that could not be read far enough to become an exchange. */
  readonly unread: (failure: Failure, clientAddress: string) => void;
  /** Writes what is held back; good lines wait for others for at most 50 ms. */
  readonly flush: () => void;
}

/** Where lines go, as bytes: encoding a row of them as ASCII costs a fifth of what a stream of strings does. */
export interface LogSink {
  write(lines: Buffer): unknown;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Names come from callers; a log line has no room for a novel. */
const NAME_CHARACTERS = 200;

/** Nothing in it needs an escape; true for nearly every method and tool name. */
const PLAIN = /^[\w./:-]{0,200}$/;

/** The same JSON in ASCII: whatever is beyond stands inside a string, where it may be escaped. */
const ascii = (json: string): string =>
  json.replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** What a line says of the calls of a message: a text, or of a batch a list, so that no call hides behind the first. */
type Told = string | null | undefined | readonly (string | null)[];

function told(message: Message | null, field: 'method' | 'name'): Told {
  if (message === null) return undefined;
  const { calls } = message;
  return calls.length > 1 ? calls.map((call) => call[field]) : calls[0]?.[field];
}

/** A JSON string, or null; of a batch a list. */
function quoted(text: Told): string {
  if (text === null || text === undefined) return 'null';
  if (typeof text !== 'string') return `[${text.map(quoted).join()}]`;
  return PLAIN.test(text) ? `"${text}"` : ascii(JSON.stringify(text.slice(0, NAME_CHARACTERS)));
}

const short = (text: string | null | undefined): string | undefined =>
  text === null || text === undefined ? undefined : text.slice(0, NAME_CHARACTERS);

const shortened = (text: Told): Told =>
  typeof text === 'object' && text !== null ? text.map((one) => short(one) ?? null) : short(text);

/** The stack of a bug, and only its stack: messages of foreign errors may quote what they choked on. */
function stackOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || cause.stack === undefined) return undefined;
  const frames = cause.stack.split('\n').filter((line) => line.startsWith('    at '));
  return `${cause.name}\n${frames.join('\n')}`;
}

/** The second rendered last: rendering a date is dear, and lines come in rows. */
let stampedSecond = Number.NaN;
let stampedPrefix = '';

/** RFC 3339 with milliseconds, as a JSON string. */
function stamp(atMs: number): string {
  const second = Math.floor(atMs / 1000);
  if (second !== stampedSecond) {
    stampedSecond = second;
    stampedPrefix = `"${new Date(second * 1000).toISOString().slice(0, 20)}`;
  }
  return `${stampedPrefix}${String(atMs - second * 1000).padStart(3, '0')}Z"`;
}

/** What one good request adds to its kind of line. Small, because it waits for others. */
interface Held {
  readonly atMs: number;
  readonly id: string;
  readonly client: string;
  readonly us: number;
  readonly rpc: Told;
  readonly name: Told;
  readonly parts: readonly string[];
}

/** A rendered kind of good line, and what must be the same for a line to be of that kind; the caller is the key. */
interface Kind {
  readonly endpoint: Endpoint | null;
  readonly method: string;
  readonly status: number;
  readonly era: Era | undefined;
  readonly parts: readonly string[];
}

/** Where a request's own values go. Drawn anew per process: a caller who knew it could cut lines with it. */
const HOLE = randomBytes(16).toString('hex');
const SLOT = `"${HOLE}"`;
const SLOTS = { requestId: HOLE, client: HOLE, us: HOLE, rpc: HOLE, name: HOLE };
/** Good lines are written this many at a time, or after this long: rendering them in a row is several times cheaper. */
const TOGETHER = 128;
const LATEST_MS = 50;

export function createLog(level: LogLevel, destination: LogSink, clock: Clock): Log {
  /** Set while a template is rendered: pino then writes here instead. */
  let template: string[] | null = null;
  const logger: Logger = pino(
    {
      level,
      base: null,
      messageKey: 'event',
      timestamp: () => `,"time":${template === null ? stamp(clock.wallMs()) : SLOT}`,
      formatters: { level: (label) => ({ level: label }) },
    },
    {
      write: (line) =>
        template === null
          ? destination.write(Buffer.from(ascii(line), 'latin1'))
          : template.push(line),
    },
  );

  /** The fields that all lines of a kind share, in the order of the line. */
  function shared({
    exchange,
    endpoint,
    caller,
    message,
    failure,
    status,
  }: RequestSummary): Record<string, unknown> {
    const principal = caller === null || caller.kind === 'pass-through' ? undefined : caller;
    const { method } = exchange;
    const reason = failure?.definition.reason ?? 'ok';
    const common = {
      reason,
      status,
      endpoint: endpoint?.path,
      method,
      era: message?.era,
      credential: caller?.kind,
    };
    return {
      ...common,
      issuer: principal?.issuer,
      subject: short(principal?.subject),
      clientId: short(principal?.client),
    };
  }

  /** What pino writes for a kind of good line, cut where the values of one request go. */
  function render(outcome: RequestSummary): readonly string[] {
    template = [];
    logger.info({ ...shared(outcome), ...SLOTS }, 'forwarded');
    const [line] = template;
    template = null;
    return ascii(line as string).split(SLOT);
  }

  /** By caller, because a hot caller's verdict is one object; the last kind of each. */
  const kinds = new WeakMap<Caller, Kind>();

  function partsOf(outcome: RequestSummary): readonly string[] {
    const { caller, endpoint, exchange, status, message } = outcome;
    if (caller === null) return render(outcome);
    const { method } = exchange;
    const era = message?.era;
    const known = kinds.get(caller);
    if (
      known !== undefined &&
      known.endpoint === endpoint &&
      known.status === status &&
      known.method === method &&
      known.era === era
    ) {
      return known.parts;
    }
    const parts = render(outcome);
    kinds.set(caller, { endpoint, method, status, era, parts });
    return parts;
  }

  let held: Held[] = [];
  let timer: NodeJS.Timeout | null = null;

  function flush(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (held.length === 0) return;
    const lines = held;
    held = [];
    let block = '';
    let lastMs = 0;
    let time = '';
    for (const { atMs, id, client, us, rpc, name, parts } of lines) {
      if (atMs !== lastMs) time = stamp(atMs);
      lastMs = atMs;
      const [a, b, c, d, e, f, g] = parts;
      block += `${a}${time}${b}"${id}"${c}"${client}"${d}${us}${e}${quoted(rpc)}${f}${quoted(name)}${g}`;
    }
    destination.write(Buffer.from(block, 'latin1'));
  }

  function good(outcome: RequestSummary): void {
    const { exchange, message, durationMs } = outcome;
    const us = Math.round(durationMs * 1000);
    const { id, clientAddress: client } = exchange;
    const rpc = told(message, 'method');
    const name = told(message, 'name');
    if (
      held.push({ atMs: clock.wallMs(), id, client, us, rpc, name, parts: partsOf(outcome) }) >=
      TOGETHER
    )
      flush();
    else timer ??= setTimeout(flush, LATEST_MS);
  }

  function refused(outcome: RequestSummary, failure: Failure): void {
    const { exchange, message, durationMs } = outcome;
    flush();
    logger[failure.definition.level](
      {
        ...shared(outcome),
        requestId: exchange.id,
        client: exchange.clientAddress,
        us: Math.round(durationMs * 1000),
        rpc: shortened(told(message, 'method')),
        name: shortened(told(message, 'name')),
        detail: failure.detail,
        stack: failure.definition.blame === 'gateway' ? stackOf(failure.cause) : undefined,
      },
      failure.definition.event,
    );
  }

  function page({ exchange, status, durationMs }: RequestSummary): void {
    if (!logger.isLevelEnabled('debug')) return;
    flush();
    const { method, path, clientAddress: client, id: requestId } = exchange;
    logger.debug(
      {
        reason: 'ok',
        status,
        method,
        path,
        requestId,
        client,
        us: Math.round(durationMs * 1000),
      },
      'page',
    );
  }

  const tellsGood = logger.isLevelEnabled('info');
  return {
    outcome(outcome) {
      if (outcome.page) page(outcome);
      else if (outcome.failure !== null) refused(outcome, outcome.failure);
      else if (tellsGood) good(outcome);
    },
    flush,
    notify({ event, level: severity, ...fields }) {
      flush();
      logger[severity](fields, event);
    },
    unread(failure, clientAddress) {
      flush();
      const { level: severity, reason, status, event } = failure.definition;
      logger[severity](
        { client: clientAddress, status, reason: reason, detail: failure.detail },
        event,
      );
    },
  };
}
