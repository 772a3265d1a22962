// Decides how the doctor asks: over node:http, because it has to see header lines as they were sent; with a deadline and a size limit for
// each request, and no redirect followed. Never decides what an answer means.
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

export interface Ask {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds for everything, connection and body included. */
  readonly deadlineMs?: number;
  /** Asked after the head and whenever more of the body has come: true ends the request, because what came is enough. */
  readonly enough?: (soFar: Answer) => boolean;
}

export interface Piece {
  /** Milliseconds since the request was begun. */
  readonly atMs: number;
  readonly text: string;
}

export interface Answer {
  readonly kind: 'answer';
  readonly url: string;
  readonly status: number;
  /** As sent: repeated names stay apart. */
  readonly lines: readonly (readonly [name: string, value: string])[];
  readonly pieces: readonly Piece[];
  readonly text: string;
  /** True where the answer came to its end; false where it was left, too long or too late. */
  readonly over: boolean;
  readonly endedMs: number;
}

/** No answer at all: no connection, no TLS, no HTTP, or too late. */
export interface Trouble {
  readonly kind: 'trouble';
  readonly url: string;
  readonly code: string;
  readonly detail: string;
}

export type Asked = Answer | Trouble;

export const DEADLINE_MS = 10_000;
const MAX_CHARACTERS = 512 * 1024;

/** The values of a header, one for each line. */
export const headerLines = ({ lines }: Answer, wanted: string): string[] =>
  lines.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);

/** The value of a header, or an empty text. */
export const header = (answer: Answer, wanted: string): string =>
  headerLines(answer, wanted).join(', ');

export const mediaType = (answer: Answer): string =>
  (header(answer, 'content-type').split(';', 1)[0] ?? '').trim().toLowerCase();

export const isStream = (answer: Answer): boolean => mediaType(answer) === 'text/event-stream';

/** A stream that nobody asked for has no end to wait for. */
const noStream = (soFar: Answer): boolean =>
  isStream(soFar) && soFar.text === '' && soFar.status !== 200;

const linesOf = ({ rawHeaders }: IncomingMessage): [string, string][] =>
  rawHeaders.flatMap((name, at) =>
    at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] as [string, string]] : [],
  );

/** Resolves always: what a server says becomes part of further requests, and node:http throws at a URL or header that cannot be. */
export function ask(request: Ask): Promise<Asked> {
  return send(request).catch(({ message }: Error) => ({
    kind: 'trouble',
    url: request.url,
    code: 'NOT ASKED',
    detail: `the request cannot be written: ${message}`,
  }));
}

function send({
  url,
  method = 'GET',
  headers = {},
  body,
  deadlineMs = DEADLINE_MS,
  enough = noStream,
}: Ask): Promise<Asked> {
  return new Promise((resolve) => {
    const started = performance.now();
    const since = (): number => performance.now() - started;
    const pieces: Piece[] = [];
    let head: IncomingMessage | null = null;
    let text = '';
    const answer = (response: IncomingMessage, over: boolean): Answer => {
      const { statusCode: status = 0 } = response;
      return {
        kind: 'answer',
        url,
        status,
        lines: linesOf(response),
        pieces,
        text,
        over,
        endedMs: since(),
      };
    };
    let isOver = false;
    const finish = (asked: Asked): void => {
      isOver = true;
      clearTimeout(timer);
      resolve(asked);
      outgoing.destroy();
    };
    const trouble = (code: string, detail: string): void =>
      finish({ kind: 'trouble', url, code, detail });
    const late = (): void => {
      if (head === null) trouble('TIMEOUT', `no answer within ${deadlineMs / 1000} s`);
      else finish(answer(head, false));
    };
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const options = { method, headers: { ...headers, ...length }, agent: false as const };
    // Whatever NODE_TLS_REJECT_UNAUTHORIZED says: clients look at certificates.
    const outgoing = url.startsWith('https:')
      ? requestHttps(url, { ...options, rejectUnauthorized: true })
      : requestHttp(url, options);
    const timer = setTimeout(late, deadlineMs);
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (head === null) trouble(error.code ?? error.name, error.message);
      else finish(answer(head, false));
    });
    outgoing.on('response', (response) => {
      head = response;
      let isDue = false;
      const look = (): void => {
        isDue = false;
        if (!isOver && enough(answer(response, false))) finish(answer(response, false));
      };
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        if (isOver) return;
        pieces.push({ atMs: since(), text: piece });
        text += piece;
        if (text.length > MAX_CHARACTERS) return finish(answer(response, false));
        // Once in a turn: asked for each of ten thousand pieces that come together it would keep the deadline waiting.
        if (!isDue) setImmediate(look);
        isDue = true;
      });
      response.on('end', () => finish(answer(response, true)));
      response.on('error', () => finish(answer(response, false)));
      look();
    });
    outgoing.end(body);
  });
}
