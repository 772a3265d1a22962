// Writes log lines, several at a time. For successful requests it makes a template once for each
// caller and kind of request, and fills in the values of each line. That is several times cheaper
// than a logger call for each line (measured).
import { randomBytes } from 'node:crypto';
import type { Clock } from '../core/clock.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Era } from '../core/message.js';
import type { Caller } from '../core/principal.js';
import type { RequestSummary } from '../core/request-summary.js';
import {
  carriersOf,
  METHOD_FIELD,
  nameField,
  roundedMs,
  sharedFields,
  shorten,
} from './log-fields.js';
import { asciiJson, quoted, timestamp } from './log-text.js';

export interface ForwardedLines {
  /** False where no template fits the line, so that `add` has not written it. */
  add(summary: RequestSummary): boolean;
  /** A whole line of another kind, in ASCII. It is written with this turn of the event loop. */
  addLine(line: string): void;
  /** Writes the lines that wait. */
  flush(): void;
}

/** The values of one request that its template does not have. */
interface WaitingLine {
  readonly atMs: number;
  readonly id: string;
  readonly clientAddress: string;
  readonly durationMs: number;
  readonly method: string | undefined;
  /** The last field, which only some kinds of request have. Null: this one has none. */
  readonly nameField: string | null;
  readonly name: string | undefined;
  readonly parts: readonly string[];
}

/** A request can use the template of its caller where all these values are the same. */
interface Template {
  readonly httpMethod: string;
  readonly status: number;
  readonly era: Era | undefined;
  readonly parts: readonly string[];
}

/** Marks where a value goes. Random per process: a client that knew it could forge lines. */
const HOLE = randomBytes(16).toString('hex');
const SLOT = `"${HOLE}"`;
const HOLES = { requestId: HOLE, clientAddress: HOLE, durationMs: HOLE, [METHOD_FIELD]: HOLE };
/** The number of lines that are written together, and how long a line waits for others. */
const TOGETHER = 128;
const LATEST_MS = 50;

/** `render`: the JSON line of these fields, whose time is `timeSlot`. */
export type Render = (fields: Readonly<Record<string, unknown>>, timeSlot: string) => string;

export function createForwardedLines(
  render: Render,
  write: (lines: Buffer) => void,
  clock: Clock,
): ForwardedLines {
  /**
   * The last template of each caller, by endpoint. The principal of a cached token is one object at
   * every endpoint, and its client may call several in turn.
   */
  const templates = new WeakMap<Endpoint, WeakMap<Caller, Template>>();
  let waiting: (WaitingLine | string)[] = [];
  let timer: NodeJS.Timeout | null = null;
  let turnEnd: NodeJS.Immediate | null = null;

  function partsOf(summary: RequestSummary): readonly string[] {
    return asciiJson(render(Object.assign(sharedFields(summary), HOLES), SLOT)).split(SLOT);
  }

  function templatesAt(endpoint: Endpoint): WeakMap<Caller, Template> {
    const known = templates.get(endpoint);
    if (known !== undefined) return known;
    const created = new WeakMap<Caller, Template>();
    templates.set(endpoint, created);
    return created;
  }

  function templateFor(summary: RequestSummary): readonly string[] {
    const { caller, endpoint, exchange, status, message } = summary;
    if (caller === null || endpoint === null) return partsOf(summary);
    const httpMethod = exchange.method;
    const era = message?.era;
    const ofEndpoint = templatesAt(endpoint);
    const last = ofEndpoint.get(caller);
    if (
      last !== undefined &&
      last.status === status &&
      last.httpMethod === httpMethod &&
      last.era === era
    ) {
      return last.parts;
    }
    const parts = partsOf(summary);
    ofEndpoint.set(caller, { httpMethod, status, era, parts });
    return parts;
  }

  function flush(): void {
    if (timer !== null) clearTimeout(timer);
    if (turnEnd !== null) clearImmediate(turnEnd);
    timer = null;
    turnEnd = null;
    if (waiting.length === 0) return;
    const lines = waiting;
    waiting = [];
    let block = '';
    let lastMs = 0;
    let time = '';
    for (const line of lines) {
      if (typeof line === 'string') {
        block += line;
        continue;
      }
      const { atMs, id, clientAddress, durationMs, method, nameField: field, name, parts } = line;
      if (atMs !== lastMs) time = timestamp(atMs);
      lastMs = atMs;
      const [a, b, c, d, e, f] = parts;
      const call = method === undefined ? 'null' : quoted(method);
      block += `${a}${time}${b}"${id}"${c}"${clientAddress}"${d}${durationMs}${e}${call}`;
      if (field !== null) block += `,"${field}":${quoted(name ?? '')}`;
      block += f;
    }
    write(Buffer.from(block, 'latin1'));
  }

  return {
    addLine(line) {
      if (waiting.push(line) >= TOGETHER) flush();
      else turnEnd ??= setImmediate(flush);
    },
    add(summary) {
      const { exchange, message, durationMs } = summary;
      const calls = message?.calls ?? [];
      const [call] = calls;
      if (calls.length !== 1 || call === undefined) return false;
      const field = nameField(call);
      const { id, clientAddress } = exchange;
      const carriers = carriersOf(summary);
      const count = waiting.push({
        atMs: clock.wallMs(),
        id,
        clientAddress,
        durationMs: roundedMs(durationMs),
        method: shorten(call.method, carriers),
        nameField: field,
        name: field === null ? undefined : shorten(call.name, carriers),
        parts: templateFor(summary),
      });
      if (count >= TOGETHER) flush();
      else timer ??= setTimeout(flush, LATEST_MS);
      return true;
    },
    flush,
  };
}
