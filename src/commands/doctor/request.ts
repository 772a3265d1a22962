// Sends the HTTP requests of the doctor, with a deadline and a size limit for each, and follows no
// redirect. It uses node:http, which shows header lines as the server sent them.
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

export interface RequestOptions {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds for the whole exchange, connection and body included. */
  readonly deadlineMs?: number;
  /** Called after the headers, and after more of the body arrived. True ends the exchange. */
  readonly isEnough?: (soFar: HttpResponse) => boolean;
}

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

/** An event stream with an error status may have no end. */
const isUnexpectedStream = (soFar: HttpResponse): boolean =>
  isStream(soFar) && soFar.text === '' && soFar.status !== 200;

const headerLinesOf = ({ rawHeaders }: IncomingMessage): [string, string][] =>
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
  }));
}

function exchange({
  url,
  method = 'GET',
  headers = {},
  body,
  deadlineMs = DEADLINE_MS,
  isEnough = isUnexpectedStream,
}: RequestOptions): Promise<Outcome> {
  return new Promise((resolve) => {
    const started = performance.now();
    const elapsedMs = (): number => performance.now() - started;
    const parts: BodyPart[] = [];
    let head: IncomingMessage | null = null;
    let text = '';
    const toResponse = (incoming: IncomingMessage, complete: boolean): HttpResponse => ({
      kind: 'response',
      url,
      status: incoming.statusCode ?? 0,
      headerLines: headerLinesOf(incoming),
      parts,
      text,
      complete,
      endedMs: elapsedMs(),
    });
    let isFinished = false;
    const finish = (outcome: Outcome): void => {
      isFinished = true;
      clearTimeout(timer);
      resolve(outcome);
      outgoing.destroy();
    };
    const fail = (code: string, detail: string): void =>
      finish({ kind: 'no response', url, code, detail });
    const onDeadline = (): void => {
      if (head === null) fail('TIMEOUT', `no response within ${deadlineMs / 1000} s`);
      else finish(toResponse(head, false));
    };
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const options = { method, headers: { ...headers, ...length }, agent: false as const };
    // Overrides NODE_TLS_REJECT_UNAUTHORIZED: clients verify certificates.
    const outgoing = url.startsWith('https:')
      ? requestHttps(url, { ...options, rejectUnauthorized: true })
      : requestHttp(url, options);
    const timer = setTimeout(onDeadline, deadlineMs);
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (head === null) fail(error.code ?? error.name, error.message);
      else finish(toResponse(head, false));
    });
    outgoing.on('response', (incoming) => {
      head = incoming;
      let isScheduled = false;
      const checkEnough = (): void => {
        isScheduled = false;
        if (!isFinished && isEnough(toResponse(incoming, false)))
          finish(toResponse(incoming, false));
      };
      incoming.setEncoding('utf8');
      incoming.on('data', (part: string) => {
        if (isFinished) return;
        parts.push({ atMs: elapsedMs(), text: part });
        text += part;
        if (text.length > MAX_CHARACTERS) return finish(toResponse(incoming, false));
        // Once in a turn of the event loop. A check for each of ten thousand parts that arrive
        // together would delay the deadline.
        if (!isScheduled) setImmediate(checkEnough);
        isScheduled = true;
      });
      incoming.on('end', () => finish(toResponse(incoming, true)));
      incoming.on('error', () => finish(toResponse(incoming, false)));
      checkEnough();
    });
    outgoing.end(body);
  });
}
