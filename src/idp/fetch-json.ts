// Fetches a JSON document from an identity provider: with one deadline for everything, a byte
// limit, and without redirects or compression.
import { createRequire } from 'node:module';
import type { LookupFunction } from 'node:net';
import type { Dispatcher } from 'undici';
import { lookup } from './lookup.js';

type Request = (
  this: Dispatcher,
  options: Dispatcher.RequestOptions & { readonly origin: string },
) => Promise<Dispatcher.ResponseData>;
type DispatcherClass = new (options: object) => Dispatcher;

const require = createRequire(import.meta.url);
/** These parts alone: all of undici costs 9 MB of memory more. (measured) */
const request = require('undici/lib/api/api-request.js') as Request;
const dispatcherClass = (name: string): DispatcherClass =>
  require(`undici/lib/dispatcher/${name}.js`) as DispatcherClass;

export interface Fetch {
  readonly url: string;
  /** Form fields: makes it a POST (RFC 7662 section 2.1). */
  readonly form?: URLSearchParams;
  /** Makes it a POST of this JSON. */
  readonly json?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds for everything, connection and body included. */
  readonly deadlineMs: number;
  readonly maxBytes: number;
}

/**
 * `answer`: a complete response of any status. `json` is undefined where the body is not JSON.
 * `transport`: no usable response, for example no connection, too late, too large or compressed.
 */
export type Fetched =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Dispatcher.ResponseData['headers'];
      readonly json: unknown;
      /** The bytes as the server sent them. */
      readonly body: Buffer;
    }
  | { readonly kind: 'transport'; readonly detail: string };

/** Overrides NODE_TLS_REJECT_UNAUTHORIZED, which a program that embeds the gateway may set. */
const VERIFIED = { rejectUnauthorized: true, lookup };

/**
 * Not the global dispatcher: a program that embeds the gateway may give that one a lax TLS check or
 * redirects.
 */
const createDispatcher = (usesProxy: boolean): Dispatcher =>
  usesProxy
    ? new (dispatcherClass('env-http-proxy-agent'))({
        connect: VERIFIED,
        requestTls: VERIFIED,
        proxyTls: VERIFIED,
      })
    : new (dispatcherClass('agent'))({ connect: VERIFIED });

export type FetchJson = (fetch: Fetch) => Promise<Fetched>;

async function readAll(body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    // Leaving the loop destroys the stream: of an endless body, only `maxBytes` arrive.
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

async function send(
  dispatcher: Dispatcher,
  { url, form, json, headers, maxBytes }: Fetch,
  signal: AbortSignal,
): Promise<Fetched> {
  const { origin, pathname, search } = new URL(url);
  const response = await request.call(dispatcher, {
    origin,
    path: `${pathname}${search}`,
    method: form === undefined && json === undefined ? 'GET' : 'POST',
    headers: {
      accept: 'application/json',
      'accept-encoding': 'identity',
      ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: form?.toString() ?? (json === undefined ? null : JSON.stringify(json)),
    signal,
  });
  const encoding = response.headers['content-encoding'];
  const body = await readAll(response.body, maxBytes);
  if (body === null) return { kind: 'transport', detail: `answer larger than ${maxBytes} bytes` };
  if (encoding !== undefined && encoding !== 'identity')
    return { kind: 'transport', detail: 'answer is compressed' };
  const { statusCode: status, headers: responseHeaders } = response;
  return {
    kind: 'answer',
    status,
    headers: responseHeaders,
    json: parse(body.toString('utf8')),
    body,
  };
}

async function fetchInTime(dispatcher: Dispatcher, fetch: Fetch): Promise<Fetched> {
  const signal = AbortSignal.timeout(fetch.deadlineMs);
  const late: Fetched = { kind: 'transport', detail: `no answer within ${fetch.deadlineMs} ms` };
  let expire = (): void => {};
  // undici checks the signal only after it has connected. The race covers the connection and TLS.
  const deadline = new Promise<Fetched>((resolve) => {
    expire = () => resolve(late);
  });
  signal.addEventListener('abort', expire);
  try {
    return await Promise.race([send(dispatcher, fetch, signal), deadline]);
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException;
    return { kind: 'transport', detail: code ?? name };
  } finally {
    signal.removeEventListener('abort', expire);
  }
}

/**
 * Uses undici.request, which follows no redirect: fetch would send a client secret to the target of
 * a 307. The promise never rejects: every fault resolves to kind `transport`. The caller decides
 * which statuses are good. `usesProxy`: through the proxy of the environment.
 */
export function createFetchJson({ usesProxy }: { readonly usesProxy: boolean }): FetchJson {
  const dispatcher = createDispatcher(usesProxy);
  return (fetch) => fetchInTime(dispatcher, fetch);
}

/**
 * The same, each over a connection of its own that closes afterwards, and never through a proxy:
 * its `lookup` decides where the connection leads. `ca`: PEM; default the authorities of Node.
 */
export function createFetchAlone(connect: {
  readonly lookup: LookupFunction;
  readonly ca?: string;
}): FetchJson {
  return async (fetch) => {
    const dispatcher = new (dispatcherClass('agent'))({ connect: { ...VERIFIED, ...connect } });
    try {
      return await fetchInTime(dispatcher, fetch);
    } finally {
      void dispatcher.destroy();
    }
  };
}
