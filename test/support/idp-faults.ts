// The faults of an identity provider, one row each: how it fails when its keys or its metadata are asked for. Decides nothing about what
// the gateway makes of them.
import type { Socket } from 'node:net';
import { deflateSync, gzipSync } from 'node:zlib';
import { ecKey, rsaKey } from '../fixtures/mint.js';
import { answer, type RawIssuer, type Reaction } from '../fixtures/raw-issuer.js';

export interface Fault {
  readonly name: string;
  /** What the issuer does instead of answering for its keys; with `metadata` instead of answering for that. */
  readonly jwks?: Reaction;
  readonly metadata?: Reaction;
  /** What a reaction to a request cannot make. */
  readonly place?: 'refused' | 'black hole';
  /** The least Retry-After of the 503, where the fault asks for one. */
  readonly retryAfter?: number;
}

const MIB = 1 << 20;
const json = 'Content-Type: application/json';

/** Good keys, with something wrong around them. */
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

/** One byte at a time, for as long as somebody listens; a minute at most. */
function drip(socket: Socket, text: string): void {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.destroyed || at >= Math.min(text.length, 600)) return clearInterval(timer);
    socket.write(text[at] as string);
    at += 1;
  }, 100);
}

/** Writes until nobody takes it, 200 MiB at most. */
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
  { name: 'refused', place: 'refused' },
  { name: 'never accepted', place: 'black hole' },
  { name: 'reset', jwks: (socket) => void socket.resetAndDestroy() },
  { name: 'closed without a word', jwks: (socket) => void socket.end() },
  { name: 'bytes that are no HTTP', jwks: bytes('\u0000\u0001\u0002 not http at all\r\n\r\n') },
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
  { name: '100 and no more', jwks: (socket) => void socket.write('HTTP/1.1 100 Continue\r\n\r\n') },
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
  { name: '429 that asks for three seconds', jwks: withKeys('429 Too Many', ['Retry-After: 3']), retryAfter: 2 },
];

const bodies: Fault[] = [
  { name: 'HTML', jwks: body('<!doctype html><title>sign in</title>', ['Content-Type: text/html']) },
  { name: 'empty', jwks: body('') },
  { name: 'cut', jwks: (socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"keys":[') },
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
  { name: 'no UTF-8', jwks: body(Buffer.from('{"keys":[\xff\xfe]}', 'latin1')) },
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
    name: 'the keys without a set around them',
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
  { name: 'a curve alone', jwks: set([ec.jwk]) },
  { name: 'a key for encryption alone', jwks: set([{ ...rsa.jwk, use: 'enc' }]) },
  { name: '1024 bits alone', jwks: set([weak.jwk]) },
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
    name: 'metadata: moved',
    metadata: (socket) => socket.end(answer('', { status: '302 Found', headers: [`Location: ${TRAP.url}`] })),
  },
  { name: 'metadata: another issuer', metadata: pointing((issuer) => ({ issuer: `${issuer.issuer}/` })) },
  { name: 'metadata: no jwks_uri', metadata: pointing(() => ({ jwks_uri: undefined })) },
  { name: 'metadata: keys over plain http elsewhere', metadata: pointing(() => ({ jwks_uri: 'http://keys.example/jwks' })) },
  { name: 'metadata: keys under no scheme', metadata: pointing(() => ({ jwks_uri: 'file:///dev/null' })) },
  { name: 'metadata: keys of a host that has no address', metadata: pointing(() => ({ jwks_uri: 'https://keys.invalid/jwks' })) },
  {
    name: 'metadata: keys over TLS where none is spoken',
    metadata: pointing(({ jwksUri }) => ({ jwks_uri: jwksUri.replace('http', 'https') })),
  },
];

function pointing(change: (issuer: RawIssuer) => Record<string, unknown>): Reaction {
  return (socket, issuer) =>
    socket.end(answer(JSON.stringify({ ...JSON.parse(issuer.document('metadata')), ...change(issuer) })));
}

/** Where redirects lead; set by the test that listens there. */
export const TRAP = { url: 'http://127.0.0.1:1' };

export const faults: readonly Fault[] = [...transport, ...status, ...bodies, ...shapes, ...metadata];

/** What looks odd and is none: the good keys are used. */
export const oddities: readonly Fault[] = [
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
      ['1024 bits', [weak.jwk]],
      ['a curve', [ec.jwk]],
    ] as const
  ).map(([name, others]) => ({
    name: `${name} beside a good key`,
    jwks: ((socket, issuer) =>
      socket.end(answer(JSON.stringify({ keys: [...others, ...issuer.keys.map(({ jwk }) => jwk)] })))) satisfies Reaction,
  })),
];
