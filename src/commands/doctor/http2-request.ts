// Sends the requests of the doctor over HTTP/2, with the deadlines and limits of HTTP/1.1.
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect, type TLSSocket } from 'node:tls';
import { createCollector, headerLinesOf, type Outcome, type RequestOptions } from './request.js';

const CONNECT_MS = 10_000;

/** A TLS connection that offers both versions, as browsers do. Null if there is none. */
function connectTls({ hostname, port }: URL): Promise<TLSSocket | null> {
  return new Promise((resolve) => {
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    const socket = connect({
      host,
      port: port === '' ? 443 : Number(port),
      // An address is not a server name (RFC 6066 section 3).
      ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
      ALPNProtocols: ['h2', 'http/1.1'],
      rejectUnauthorized: true,
    });
    const settle = (result: TLSSocket | null): void => {
      clearTimeout(timer);
      if (result === null) socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => settle(null), CONNECT_MS);
    socket.once('secureConnect', () => settle(socket));
    socket.on('error', () => settle(null));
  });
}

/** True if the server selects HTTP/2 in the TLS handshake (RFC 9113 section 3.2). */
export async function offersHttp2(url: string): Promise<boolean> {
  const socket = await connectTls(new URL(url));
  const { alpnProtocol } = socket ?? {};
  socket?.destroy();
  return alpnProtocol === 'h2';
}

/** Always resolves. Each request has a connection of its own, as over HTTP/1.1. */
export async function sendHttp2Request(options: RequestOptions): Promise<Outcome> {
  const { url, method = 'GET', headers = {}, body } = options;
  const { origin, pathname, search } = new URL(url);
  const socket = await connectTls(new URL(url));
  return new Promise((resolve) => {
    let session: ClientHttp2Session | undefined;
    const finish = (outcome: Outcome): void => {
      resolve(outcome);
      session?.destroy();
    };
    const collector = createCollector(options, finish);
    const onError = (error: NodeJS.ErrnoException): void =>
      collector.error(error.code ?? error.name, error.message);
    if (socket === null || socket.alpnProtocol !== 'h2') {
      socket?.destroy();
      return collector.error('NO HTTP/2', 'the server does not offer HTTP/2');
    }
    session = connectHttp2(origin, { createConnection: () => socket });
    session.on('error', onError);
    const head = { ':method': method, ':path': pathname + search };
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const stream = session.request(
      { ...headers, ...length, ...head },
      { endStream: body === undefined },
    );
    stream.setEncoding('utf8');
    stream.on('error', onError);
    stream.on('response', (named, _flags, raw?: string[]) => {
      const pairs = raw ?? Object.entries(named).flatMap(([name, value]) => [name, String(value)]);
      const lines = headerLinesOf(pairs).filter(([name]) => !name.startsWith(':'));
      collector.head(Number(named[':status'] ?? 0), lines);
    });
    stream.on('data', collector.part);
    stream.on('end', () => collector.end(stream.rstCode === 0));
    stream.on('close', () => collector.error('CLOSED', 'the stream was closed without a response'));
    if (body !== undefined) stream.end(body);
  });
}
