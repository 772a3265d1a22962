// An exchange without a socket, for the stages that see only its head and its body. It records the
// answer.
import type { BatchedResponse, BodyListener, Exchange, RequestHead } from '../../src/core/exchange.js';
import { bodyTooLarge } from '../../src/core/failures.js';
import { ok } from '../../src/core/result.js';
import { readAbsolute } from '../../src/http/request-target.js';

/** Header lines in the order sent. */
export type Lines = readonly (readonly [name: string, value: string])[];

export interface Asked {
  readonly method?: string;
  readonly version?: string;
  readonly target?: string;
  readonly lines?: Lines;
  readonly body?: string | Buffer;
}

export interface Recorded {
  readonly status: number;
  readonly headers: readonly string[];
}

export interface TestExchange extends Exchange {
  readonly began: Recorded[];
  /** Everything written, joined; null until the answer ended. */
  readonly sent: string | null;
  readonly destroyed: boolean;
  /** The number of calls of `readBody`. */
  readonly bodyReads: number;
  disconnected: boolean;
  sentStatus: number;
}

export function head({ method = 'POST', version = '1.1', target: sent = '/mcp', lines = [] }: Asked = {}): RequestHead {
  const absolute = readAbsolute(sent);
  const target = absolute === null ? sent : absolute.originForm;
  return {
    method,
    version,
    target,
    absolute,
    path: target.split('?', 1)[0] as string,
    names: lines.map(([name]) => name.toLowerCase()),
    values: lines.map(([, value]) => value),
  };
}

export function exchange(asked: Asked = {}): TestExchange {
  const chunks: Buffer[] = [];
  let ended = false;
  const self = {
    ...head(asked),
    id: 'request-1',
    host: 'mcp.example.com',
    clientAddress: '192.0.2.7',
    disconnected: false,
    clientStalled: false,
    responseHeaders: ['x-request-id', 'request-1'],
    sentStatus: 0,
    trace: null as Exchange['trace'],
    audited: null as Exchange['audited'],
    bodyLimitBytes: 0,
    began: [] as Recorded[],
    destroyed: false,
    bodyReads: 0,
    get sent() {
      return ended ? Buffer.concat(chunks).toString() : null;
    },
    readBody(limitBytes: number, listener: BodyListener) {
      self.bodyReads += 1;
      const body = Buffer.from(asked.body ?? '');
      queueMicrotask(() => listener.onBody(body.length > limitBytes ? bodyTooLarge() : ok(body)));
    },
    readStart(listener: (bytes: Buffer | null) => void) {
      listener(asked.body === undefined ? null : Buffer.from(asked.body));
    },
    onDisconnect() {},
    begin(status: number, headers: string[]) {
      self.sentStatus = status;
      self.began.push({ status, headers: [...headers] });
    },
    write(written: readonly Buffer[]) {
      chunks.push(...written);
      return true;
    },
    onDrain() {},
    releaseHead() {},
    endInBatch(body: Buffer) {
      self.end(body);
    },
    sendInBatch(response: BatchedResponse) {
      setImmediate(() => response.sendBatched());
    },
    end(chunk?: Buffer) {
      if (chunk !== undefined) chunks.push(chunk);
      ended = true;
    },
    destroy() {
      self.destroyed = true;
    },
  };
  return self;
}

/** Flat pairs of name and value as an object. Throws if a name repeats. */
export function pairs(flat: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i] as string;
    if (name in found) throw new Error(`${name} appears twice`);
    found[name] = flat[i + 1] as string;
  }
  return found;
}
