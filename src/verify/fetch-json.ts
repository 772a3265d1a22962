// Decides how a JSON document of an identity provider is fetched: one total deadline that covers the body, a byte limit, no redirect,
// no compression. Never decides what the document means.
import { type Dispatcher, request } from 'undici';

export interface Fetch {
  readonly url: string;
  /** Form fields: makes it a POST (RFC 7662 section 2.1). */
  readonly form?: URLSearchParams;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds for everything, connection and body included. */
  readonly deadlineMs: number;
  readonly maxBytes: number;
}

/** What came: `transport` says why nothing usable did (no connection, too late, too big, no JSON, compressed). */
export type Fetched =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Dispatcher.ResponseData['headers'];
      readonly json: unknown;
      /** As it was sent. */
      readonly body: Buffer;
    }
  | { readonly kind: 'transport'; readonly detail: string };

export type FetchJson = (fetch: Fetch) => Promise<Fetched>;

async function readAll(body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    // Leaving the loop destroys the stream, so an endless body costs `maxBytes` and no more.
    if (size > maxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function ask({ url, form, headers, maxBytes }: Fetch, signal: AbortSignal): Promise<Fetched> {
  const response = await request(url, {
    method: form === undefined ? 'GET' : 'POST',
    headers: {
      accept: 'application/json',
      'accept-encoding': 'identity',
      ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      ...headers,
    },
    body: form === undefined ? null : form.toString(),
    signal,
  });
  const encoding = response.headers['content-encoding'];
  const body = await readAll(response.body, maxBytes);
  if (body === null) return { kind: 'transport', detail: `answer larger than ${maxBytes} bytes` };
  if (encoding !== undefined && encoding !== 'identity')
    return { kind: 'transport', detail: 'answer is compressed' };
  const { statusCode: status, headers: sent } = response;
  return { kind: 'answer', status, headers: sent, json: parse(body.toString('utf8')), body };
}

/**
 * undici.request, because it follows no redirect; fetch would send a client secret to wherever a 307 points. Resolves always: every
 * fault is an answer of kind `transport`. The caller decides which statuses count.
 */
export const fetchJson: FetchJson = async (fetch) => {
  const signal = AbortSignal.timeout(fetch.deadlineMs);
  const late: Fetched = { kind: 'transport', detail: `no answer within ${fetch.deadlineMs} ms` };
  let give = (): void => {};
  // undici looks at the signal only once it is connected: the deadline is a race, so that it covers the connection and TLS too.
  const deadline = new Promise<Fetched>((resolve) => {
    give = () => resolve(late);
  });
  signal.addEventListener('abort', give);
  try {
    return await Promise.race([ask(fetch, signal), deadline]);
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException;
    return { kind: 'transport', detail: code ?? name };
  } finally {
    signal.removeEventListener('abort', give);
  }
};
