// The table of the faults of an identity provider: how it fails on a request for its keys or its
// metadata. The tests say how the gateway reacts.
import type { Socket } from 'node:net';
import { deflateSync, gzipSync } from 'node:zlib';
import { ecKey, rsaKey } from '../fixtures/mint.js';
import { answer, type RawIssuer, type Reaction } from '../fixtures/raw-issuer.js';

export interface Fault {
  readonly name: string;
  /** The reaction to a request for keys, or for `metadata`. Absent: a good response. */
  readonly jwks?: Reaction;
  readonly metadata?: Reaction;
  /** A fault of the connection, before there is a request. */
  readonly unreachable?: 'refused' | 'black hole';
  /** The least Retry-After of the 503, where the issuer sends one. */
  readonly retryAfter?: number;
}

const MIB = 1 << 20;
const json = 'Content-Type: application/json';

/** Good keys in a response with a wrong status or header. */
const withKeys =
  (status: string, headers: string[] = []): Reaction =>
  (socket, issuer) =>
    socket.end(answer(issuer.document('jwks'), { status, headers: [json, ...headers] }));
const body =
  (text: string | Buffer, headers: string[] = [json]): Reaction =>
  (socket) =>
    socket.end(answer(text, { headers }));
const set = (keys: unknown): Reaction => body(JSON.stringify({ keys }));
const bytes =
  (text: string): Reaction =>
  (socket) =>
    socket.end(text);

/** Writes one byte at a time while the gateway is connected, for a minute at most. */
function drip(socket: Socket, text: string): void {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.destroyed || at >= Math.min(text.length, 600)) return clearInterval(timer);
    socket.write(text[at] as string);
    at += 1;
  }, 100);
}

/** Writes until the gateway disconnects, 200 MiB at most. */
function pour(socket: Socket, piece: Buffer): void {
  let left = Math.ceil((200 * MIB) / piece.length);
  const more = (): void => {
    while (left > 0 && !socket.destroyed) {
      left -= 1;
      if (!socket.write(piece)) return void socket.once('drain', more);
    }
    socket.end();
  };
  more();
}

const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const [rsa, ec, weak] = [rsaKey(), ecKey(), rsaKey({ bits: 1024 })];
const secret = { kty: 'oct', kid: 'symmetric', alg: 'HS256', k: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' };
const privateJwk = { ...rsa.privateKey.export({ format: 'jwk' }), kid: rsa.kid };
const hang: Reaction = () => {};

const transport: Fault[] = [
  { name: 'refused', unreachable: 'refused' },
  { name: 'never accepted', unreachable: 'black hole' },
  { name: 'reset', jwks: (socket) => void socket.resetAndDestroy() },
  { name: 'closed without a response', jwks: (socket) => void socket.end() },
  { name: 'bytes that are not HTTP', jwks: bytes('\u0000\u0001\u0002 not http at all\r\n\r\n') },
  { name: 'another protocol', jwks: bytes('SSH-2.0-OpenSSH_9.9\r\n') },
  { name: 'no headers', jwks: hang },
  { name: 'headers byte by byte', jwks: (socket, issuer) => drip(socket, answer(issuer.document('jwks')).toString()) },
  { name: 'headers without an end', jwks: (socket) => pour(socket, Buffer.from(`X: ${'x'.repeat(1000)}\r\n`.repeat(60))) },
  {
    name: 'no body',
    jwks: (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n'),
  },
  {
    name: 'a body byte by byte',
    jwks: (socket, issuer) => {
      const text = issuer.document('jwks');
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n`);
      drip(socket, text);
    },
  },
];

const status: Fault[] = [
  ...['201 Created', '202 Accepted', '203 Transformed', '206 Partial Content'].map((line) => ({
    name: line,
    jwks: withKeys(line),
  })),
  { name: '204 No Content', jwks: bytes('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n') },
  { name: '100 and then nothing', jwks: (socket) => void socket.write('HTTP/1.1 100 Continue\r\n\r\n') },
  { name: '101 Switching Protocols', jwks: withKeys('101 Switching Protocols', ['Connection: Upgrade', 'Upgrade: x']) },
  ...['301 Moved', '302 Found', '303 See Other', '307 Temporary', '308 Permanent'].map((line) => ({
    name: line,
    jwks: ((socket, issuer) =>
      socket.end(answer(issuer.document('jwks'), { status: line, headers: [`Location: ${TRAP.url}/jwks`] }))) satisfies Reaction,
  })),
  { name: '304 Not Modified', jwks: bytes('HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n') },
  ...['400 Bad', '401 No', '403 No', '404 Gone', '410 Gone', '418 Tea', '500 Oh', '502 Oh', '503 Oh', '599 Oh'].map((line) => ({
    name: line,
    jwks: withKeys(line),
  })),
  { name: '429 with Retry-After 6', jwks: withKeys('429 Too Many', ['Retry-After: 6']), retryAfter: 2 },
];

const bodies: Fault[] = [
  { name: 'HTML', jwks: body('<!doctype html><title>sign in</title>', ['Content-Type: text/html']) },
  { name: 'empty', jwks: body('') },
  { name: 'a cut body', jwks: (socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"keys":[') },
  { name: 'a chunk that is cut', jwks: bytes('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"keys":[') },
  {
    name: 'chunks without an end',
    jwks: (socket, issuer) =>
      void socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(issuer.document('jwks'))}`),
  },
  {
    name: 'a length too short',
    jwks: (socket, issuer) => socket.end(answer(issuer.document('jwks'), { headers: ['Content-Length: 40'] })),
  },
  {
    name: 'two lengths',
    jwks: (socket, issuer) =>
      socket.end(
        answer(issuer.document('jwks'), { headers: ['Content-Length: 5', `Content-Length: ${issuer.document('jwks').length}`] }),
      ),
  },
  { name: 'not UTF-8', jwks: body(Buffer.from('{"keys":[\xff\xfe]}', 'latin1')) },
  { name: '200 MiB with a length', jwks: (socket) => flooded(socket, `Content-Length: ${200 * MIB}`) },
  { name: '200 MiB without a length', jwks: (socket) => flooded(socket, 'Connection: close') },
  { name: 'a gzip bomb', jwks: body(bomb(), [json, 'Content-Encoding: gzip']) },
  ...(['gzip', 'deflate', 'br', 'x'] as const).map((coding) => ({
    name: `good keys in ${coding}`,
    jwks: ((socket, issuer) => {
      const text = issuer.document('jwks');
      const packed = coding === 'gzip' ? gzipSync(text) : coding === 'deflate' ? deflateSync(text) : text;
      socket.end(answer(packed, { headers: [`Content-Encoding: ${coding}`] }));
    }) satisfies Reaction,
  })),
];

/** 100 MiB of blanks: a hundred members, which are one document (RFC 1952 section 2.2). */
function bomb(): Buffer {
  const member = gzipSync(Buffer.alloc(MIB, ' '));
  return Buffer.concat(Array.from({ length: 100 }, () => member));
}

function flooded(socket: Socket, header: string): void {
  socket.write(`HTTP/1.1 200 OK\r\n${json}\r\n${header}\r\n\r\n`);
  pour(socket, Buffer.alloc(64 * 1024, ' '));
}

const shapes: Fault[] = [
  ...'{} [] null "keys" 7 {"keys":null} {"keys":{}} {"keys":"x"} {"keys":[]} {"keys":[null,7,"x",[]]}'
    .split(' ')
    .map((text) => ({ name: text, jwks: body(text) })),
  {
    name: 'a key without a set',
    jwks: (socket, issuer) => socket.end(answer(JSON.stringify(issuer.keys[0]?.jwk))),
  },
  {
    name: 'ten thousand keys',
    jwks: (socket, issuer) => {
      const many = Array.from({ length: 10_000 }, () => ({ kty: 'RSA' }));
      socket.end(answer(JSON.stringify({ keys: [issuer.keys[0]?.jwk, ...many] })));
    },
  },
  {
    name: '33 keys',
    jwks: (socket, issuer) => socket.end(answer(JSON.stringify({ keys: Array.from({ length: 33 }, () => issuer.keys[0]?.jwk) }))),
  },
  { name: 'an EC key alone', jwks: set([ec.jwk]) },
  { name: 'a key for encryption alone', jwks: set([{ ...rsa.jwk, use: 'enc' }]) },
  { name: 'a key of 1024 bits alone', jwks: set([weak.jwk]) },
  { name: 'a symmetric key alone', jwks: set([secret]) },
  { name: 'a private key alone', jwks: set([privateJwk]) },
];

const metadata: Fault[] = [
  { name: 'metadata: no headers', metadata: hang },
  { name: 'metadata: 500', metadata: withKeys('500 Oh') },
  { name: 'metadata: 404', metadata: withKeys('404 Not Found') },
  { name: 'metadata: reset', metadata: (socket) => void socket.resetAndDestroy() },
  { name: 'metadata: HTML', metadata: body('<title>sign in</title>', ['Content-Type: text/html']) },
  { name: 'metadata: 200 MiB', metadata: (socket) => flooded(socket, 'Connection: close') },
  {
    name: 'metadata: a redirect',
    metadata: (socket) => socket.end(answer('', { status: '302 Found', headers: [`Location: ${TRAP.url}`] })),
  },
  { name: 'metadata: another issuer', metadata: pointing((issuer) => ({ issuer: `${issuer.issuer}/` })) },
  { name: 'metadata: no jwks_uri', metadata: pointing(() => ({ jwks_uri: undefined })) },
  { name: 'metadata: keys over plain http elsewhere', metadata: pointing(() => ({ jwks_uri: 'http://keys.example/jwks' })) },
  { name: 'metadata: keys at a file URL', metadata: pointing(() => ({ jwks_uri: 'file:///dev/null' })) },
  { name: 'metadata: keys of a host without an address', metadata: pointing(() => ({ jwks_uri: 'https://keys.invalid/jwks' })) },
  {
    name: 'metadata: keys over TLS from a server without TLS',
    metadata: pointing(({ jwksUri }) => ({ jwks_uri: jwksUri.replace('http', 'https') })),
  },
];

function pointing(change: (issuer: RawIssuer) => Record<string, unknown>): Reaction {
  return (socket, issuer) =>
    socket.end(answer(JSON.stringify({ ...JSON.parse(issuer.document('metadata')), ...change(issuer) })));
}

/** The target of redirects. The test that listens there sets it. */
export const TRAP = { url: 'http://127.0.0.1:1' };

export const faults: readonly Fault[] = [...transport, ...status, ...bodies, ...shapes, ...metadata];

/** Unusual responses that are not faults: the gateway uses the good keys. */
export const oddButUsable: readonly Fault[] = [
  {
    name: 'an early hint',
    jwks: (socket, issuer) => socket.end(`HTTP/1.1 103 Early Hints\r\n\r\n${answer(issuer.document('jwks'))}`),
  },
  {
    name: 'chunks',
    jwks: (socket, issuer) =>
      socket.end(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(issuer.document('jwks'))}0\r\n\r\n`),
  },
  {
    name: 'no media type',
    jwks: (socket, issuer) => socket.end(answer(issuer.document('jwks'), { headers: ['Content-Type: text/plain'] })),
  },
  { name: 'the coding identity', jwks: withKeys('200 OK', ['Content-Encoding: identity']) },
  {
    name: 'no length',
    jwks: (socket, issuer) => socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${issuer.document('jwks')}`),
  },
  ...(
    [
      ['junk', [null, 7, 'x', [], {}, { kty: 'XYZ' }, { kty: 'RSA' }, { ...rsa.jwk, n: '%' }]],
      ['a private key', [privateJwk]],
      ['a symmetric key', [secret]],
      ['a key for encryption', [{ ...rsa.jwk, use: 'enc' }]],
      ['a key of 1024 bits', [weak.jwk]],
      ['an EC key', [ec.jwk]],
    ] as const
  ).map(([name, others]) => ({
    name: `${name} beside a good key`,
    jwks: ((socket, issuer) =>
      socket.end(answer(JSON.stringify({ keys: [...others, ...issuer.keys.map(({ jwk }) => jwk)] })))) satisfies Reaction,
  })),
];
