// Sends the HTTP requests of the doctor, with a deadline and a size limit for each, and follows no
// redirect. It uses node:http, which shows header lines as the server sent them.
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

export interface RequestOptions {
  readonly url: string;
  readonly method?: string;
  /** A list is sent as one line for each value. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
  /** Milliseconds for the whole exchange, connection and body included. */
  readonly deadlineMs?: number;
  /** Milliseconds until the headers; by default those for the whole exchange. */
  readonly headMs?: number;
  /** Called after the headers, and after more of the body arrived. True ends the exchange. */
  readonly isEnough?: (soFar: HttpResponse) => boolean;
}

/** Sends one request. `sendRequest` is the function for HTTP/1.1. */
export type SendRequest = (options: RequestOptions) => Promise<Outcome>;

export interface BodyPart {
  /** Milliseconds since the start of the request. */
  readonly atMs: number;
  readonly text: string;
}

export interface HttpResponse {
  readonly kind: 'response';
  readonly url: string;
  readonly status: number;
  /** As the server sent them: repeated names stay separate. */
  readonly headerLines: readonly (readonly [name: string, value: string])[];
  readonly parts: readonly BodyPart[];
  readonly text: string;
  /** False if the doctor stopped reading: enough, too long or too late. */
  readonly complete: boolean;
  readonly endedMs: number;
}

/** No response: no connection, no TLS, no HTTP, or too late. */
export interface NoResponse {
  readonly kind: 'no response';
  readonly url: string;
  readonly code: string;
  readonly detail: string;
  readonly endedMs: number;
}

export type Outcome = HttpResponse | NoResponse;

const DEADLINE_MS = 10_000;
const MAX_CHARACTERS = 512 * 1024;

export const hasStatus = (outcome: Outcome, status: number): boolean =>
  outcome.kind === 'response' && outcome.status === status;

/** The values of a header, one for each line. */
export const headerValues = ({ headerLines }: HttpResponse, name: string): string[] =>
  headerLines.filter(([own]) => own.toLowerCase() === name).map(([, value]) => value);

/** The value of a header, or an empty text. */
export const header = (response: HttpResponse, name: string): string =>
  headerValues(response, name).join(', ');

export const mediaType = (response: HttpResponse): string =>
  (header(response, 'content-type').split(';', 1)[0] ?? '').trim().toLowerCase();

export const isStream = (response: HttpResponse): boolean =>
  mediaType(response) === 'text/event-stream';

export const isHtml = (response: HttpResponse): boolean => mediaType(response) === 'text/html';

/** An event stream with an error status may have no end. */
const isUnexpectedStream = (soFar: HttpResponse): boolean =>
  isStream(soFar) && soFar.text === '' && soFar.status !== 200;

export const headerLinesOf = (rawHeaders: readonly string[]): [string, string][] =>
  rawHeaders.flatMap((name, at) =>
    at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] as [string, string]] : [],
  );

/**
 * Always resolves. The doctor builds requests from values of the server, and node:http throws at
 * a URL or a header that it cannot send.
 */
export function sendRequest(options: RequestOptions): Promise<Outcome> {
  return exchange(options).catch(({ message }: Error) => ({
    kind: 'no response',
    url: options.url,
    code: 'NOT SENT',
    detail: `the doctor cannot write the request: ${message}`,
    endedMs: 0,
  }));
}

/** Receives one exchange: a head, parts of the body, and an end or an error. */
export interface Collector {
  /** True once the outcome is final: nothing that arrives later counts. */
  readonly isFinished: boolean;
  head(status: number, headerLines: HttpResponse['headerLines']): void;
  part(text: string): void;
  end(complete: boolean): void;
  /** The connection failed: without a head there is no response. */
  error(code: string, detail: string): void;
}

/** Calls `finish` once: at the end, at an error, at the deadline, or when the doctor has enough. */
export function createCollector(
  {
    url,
    deadlineMs = DEADLINE_MS,
    headMs = deadlineMs,
    isEnough = isUnexpectedStream,
  }: RequestOptions,
  finish: (outcome: Outcome) => void,
): Collector {
  const started = performance.now();
  const elapsedMs = (): number => performance.now() - started;
  const parts: BodyPart[] = [];
  let start: Pick<HttpResponse, 'status' | 'headerLines'> | null = null;
  let text = '';
  let isFinished = false;
  let isScheduled = false;

  const conclude = (outcome: Outcome): void => {
    if (isFinished) return;
    isFinished = true;
    clearTimeout(timer);
    clearTimeout(headTimer);
    finish(outcome);
  };
  const fail = (code: string, detail: string): void =>
    conclude({ kind: 'no response', url, code, detail, endedMs: elapsedMs() });
  const soFar = (head: Pick<HttpResponse, 'status' | 'headerLines'>, complete = false) =>
    ({ kind: 'response', url, ...head, parts, text, complete, endedMs: elapsedMs() }) as const;
  const stop = (code: string, detail: string): void =>
    start === null ? fail(code, detail) : conclude(soFar(start));
  const checkEnough = (): void => {
    isScheduled = false;
    if (start !== null && !isFinished && isEnough(soFar(start))) conclude(soFar(start));
  };
  const stopAfter = (ms: number): NodeJS.Timeout =>
    setTimeout(() => stop('TIMEOUT', `no response within ${ms / 1000} s`), ms);
  const timer = stopAfter(deadlineMs);
  const headTimer = stopAfter(headMs);
  return {
    get isFinished() {
      return isFinished;
    },
    head(status, headerLines) {
      start = { status, headerLines };
      clearTimeout(headTimer);
      checkEnough();
    },
    part(more) {
      if (isFinished || start === null) return;
      parts.push({ atMs: elapsedMs(), text: more });
      text += more;
      if (text.length > MAX_CHARACTERS) return conclude(soFar(start));
      // Once in a turn of the event loop. A check for each of ten thousand parts that arrive
      // together would delay the deadline.
      if (!isScheduled) setImmediate(checkEnough);
      isScheduled = true;
    },
    end(complete) {
      if (start !== null) conclude(soFar(start, complete));
    },
    error: stop,
  };
}

function exchange(given: RequestOptions): Promise<Outcome> {
  const { url, method = 'GET', headers = {}, body } = given;
  return new Promise((resolve) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const options = { method, headers: { ...headers, ...length }, agent: false as const };
    // Overrides NODE_TLS_REJECT_UNAUTHORIZED: clients verify certificates.
    const outgoing = url.startsWith('https:')
      ? requestHttps(url, { ...options, rejectUnauthorized: true })
      : requestHttp(url, options);
    const collector = createCollector(given, (outcome) => {
      resolve(outcome);
      outgoing.destroy();
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) =>
      collector.error(error.code ?? error.name, error.message),
    );
    outgoing.on('response', (incoming) => {
      incoming.setEncoding('utf8');
      incoming.on('data', collector.part);
      incoming.on('end', () => collector.end(true));
      incoming.on('error', () => collector.end(false));
      collector.head(incoming.statusCode ?? 0, headerLinesOf(incoming.rawHeaders));
    });
    outgoing.end(body);
  });
}
