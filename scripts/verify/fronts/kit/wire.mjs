// Sends single HTTP requests over HTTP/1.1 or HTTP/2 and reports how each answer arrives.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';

const CALL_MS = 30_000;
/** The size of a piece of a body without a length. */
const PIECE = 16_384;

const http2Error = (code) => `HTTP/2 code ${code}`;
const REFUSED = http2Error(http2.constants.NGHTTP2_REFUSED_STREAM);
const TRIES = 3;
/** Node's default of 10 would refuse the client's own bodies. */
const SESSION_MB = 200;

/** The clock of `performance` with an origin that all processes share, in milliseconds. */
export const now = () => performance.timeOrigin + performance.now();

const piecesOf = (body) =>
  Array.from({ length: Math.ceil(body.length / PIECE) }, (_, i) =>
    body.subarray(i * PIECE, (i + 1) * PIECE),
  );

/** Writes the body, or its pieces one after another as the connection takes them. */
function send(stream, body, inPieces) {
  if (!inPieces) return stream.end(body);
  const pieces = piecesOf(body);
  const next = () => {
    for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift())
      if (!stream.write(piece)) return stream.once('drain', next);
    return stream.end();
  };
  return next();
}

/** Collects the body of an answer. `state` is what a caller gets. */
function collect(stream, state, { onData, done }) {
  stream.on('data', (chunk) => {
    state.body += chunk.latin1Slice();
    onData?.(chunk, now());
  });
  stream.on('end', () => done());
}

function callOverH1(origin, { agent, ca, state, request, done }) {
  const { protocol, hostname, port } = new URL(origin);
  const module = protocol === 'https:' ? https : http;
  const { method, path, headers } = request;
  const outgoing = module.request({ hostname, port, method, path, headers, agent, ca });
  outgoing.on('response', (incoming) => {
    Object.assign(state, { status: incoming.statusCode, headers: incoming.headers });
    state.headAt = now();
    request.onHead?.(state);
    const end = () => {
      state.whole = incoming.complete;
      done();
    };
    collect(incoming, state, { onData: request.onData, done: end });
    incoming.on('error', (error) => done(error));
    incoming.on('aborted', () => done(new Error('the answer was cut')));
  });
  outgoing.on('error', (error) => done(error));
  send(outgoing, request.body, request.inPieces);
  return () => outgoing.destroy();
}

function callOverH2(session, { state, request, done }) {
  const { method, path, headers } = request;
  const endStream = request.body.length === 0;
  const head = { ':method': method, ':path': path, ...headers };
  const stream = session.request(head, { endStream });
  stream.on('response', ({ ':status': status, ...rest }) => {
    Object.assign(state, { status, headers: rest, headAt: now() });
    request.onHead?.(state);
  });
  const isGood = () => stream.rstCode === http2.constants.NGHTTP2_NO_ERROR;
  // RFC 9113, section 8.1: a server may answer before it has the whole body, and then stop the
  // upload with the code NO_ERROR. Node closes such a stream only after an upload that has ended.
  const stopUpload = () => stream.closed && isGood() && stream.destroy();
  collect(stream, state, { onData: request.onData, done: stopUpload });
  // 'close' follows and has the code.
  stream.on('error', () => {});
  stream.on('close', () => {
    const length = state.headers?.['content-length'];
    const isAll = length === undefined || Number(length) === state.body.length;
    state.whole = isGood() && stream.readableEnded && isAll;
    done(state.whole ? undefined : new Error(http2Error(stream.rstCode)));
  });
  if (!endStream) send(stream, request.body, request.inPieces);
  return () => stream.close(http2.constants.NGHTTP2_CANCEL);
}

/** Opens a session of HTTP/2. An error of a session ends its requests, which report it. */
function openSession(origin, ca) {
  const session = http2.connect(origin, { ca, maxSessionMemory: SESSION_MB });
  session.on('error', () => {});
  // A server may allow fewer streams than requests wait (lighttpd: 8), and reject the rest.
  session.settled = new Promise((resolve) => {
    session.once('remoteSettings', resolve);
    session.once('close', resolve);
  });
  session.on('goaway', () => {
    session.isLeaving = true;
  });
  return session;
}

const isUsable = (session) =>
  session !== undefined && !session.closed && !session.destroyed && !session.isLeaving;

/**
 * A client of one origin. `call` resolves with the answer, also if it is cut (`whole` is false) or
 * does not come (`error`). `fresh` uses a connection of its own. `endOn` is an AbortSignal with
 * which the client leaves.
 */
export function createClient({ origin, certificate, http2: isHttp2 }) {
  const ca = readFileSync(certificate.cert);
  const module = origin.startsWith('https:') ? https : http;
  const agent = isHttp2 ? undefined : new module.Agent({ keepAlive: true, maxSockets: 512 });
  const alone = new module.Agent({ keepAlive: false, maxSockets: Infinity });
  let shared;

  function callOnce(options) {
    const {
      path,
      method = 'POST',
      body = '',
      inPieces = false,
      fresh = false,
      ms = CALL_MS,
    } = options;
    const bytes = Buffer.from(body);
    const headers = { ...options.headers };
    if (!inPieces && bytes.length > 0) headers['content-length'] = String(bytes.length);
    const { onHead, onData, endOn } = options;
    const request = { method, path, headers, body: bytes, inPieces, onHead, onData };
    const state = { body: '', whole: false, startedAt: now() };
    return new Promise((resolve) => {
      let timer;
      let abandon = () => {};
      let own;
      const done = (error) => {
        clearTimeout(timer);
        if (error !== undefined) state.error ??= error.code ?? error.message;
        own?.close();
        resolve(state);
      };
      const leave = (why) => {
        done(new Error(why));
        abandon();
      };
      timer = setTimeout(leave, ms, `no whole answer within ${ms} ms`);
      endOn?.addEventListener('abort', () => leave('the client left'), { once: true });
      if (!isHttp2) {
        abandon = callOverH1(origin, { agent: fresh ? alone : agent, ca, state, request, done });
        return;
      }
      if (fresh) own = openSession(origin, ca);
      else if (!isUsable(shared)) shared = openSession(origin, ca);
      const session = own ?? shared;
      session.settled.then(() => {
        try {
          abandon = callOverH2(session, { state, request, done });
        } catch (error) {
          done(error);
        }
      });
    });
  }

  /** HTTP/2 says of such a stream that the server has not processed it: a client sends it again. */
  async function call(options) {
    for (let again = 0; ; again += 1) {
      const state = await callOnce(options);
      if (state.error !== REFUSED || again === TRIES) return { ...state, again };
    }
  }

  function close() {
    agent?.destroy();
    alone.destroy();
    shared?.destroy();
  }
  return { call, close };
}
