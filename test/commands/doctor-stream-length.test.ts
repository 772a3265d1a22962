// The doctor and streams with Content-Length: a stream that ends at once may have one.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { probeBehind } from './behind-front.js';
import type { Fault } from './third-party-server.js';

const HEAD = { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' };
const BODY = 'event: message\ndata: {"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}\n\n';

type Respond = (res: ServerResponse) => void;
const atOnce: Respond = (res) => void res.writeHead(200, { ...HEAD, 'content-length': BODY.length }).end(BODY);
const empty: Respond = (res) => void res.writeHead(200, { ...HEAD, 'content-length': 0 }).end();
const held: Respond = (res) => void setTimeout(() => atOnce(res), 800);
const open: Respond = (res) => void res.writeHead(200, { ...HEAD, 'content-length': 10_000 }).write(BODY);

const isModern = ({ headers }: IncomingMessage): boolean => headers['mcp-protocol-version'] === '2026-07-28';
const refuse = (res: ServerResponse): void =>
  void res.writeHead(400, { 'content-type': 'application/json' }).end('{"jsonrpc":"2.0","error":{"code":-32000,"message":"no"}}');

/** A server of the legacy revisions, with this GET stream. */
const legacy = (respond: Respond): Fault => ({
  before: (req, res) => {
    const isCall = req.url === '/mcp' && String(req.headers.authorization).includes('eyJ');
    if (!isCall || !(isModern(req) || req.method === 'GET')) return false;
    (isModern(req) ? refuse : respond)(res);
    return true;
  },
});
/** A server of 2026-07-28, with this subscription. */
const modern = (respond: Respond): Fault => ({
  before: (req, res) => {
    if (req.headers['mcp-method'] !== 'subscriptions/listen') return false;
    respond(res);
    return true;
  },
});

describe.each([
  ['a GET stream', legacy],
  ['a subscription', modern],
])('%s with Content-Length', (_title, server) => {
  test.each<[string, Respond]>([
    ['that ends at once', atOnce],
    ['that is empty', empty],
  ])('%s is no fault', async (_title, respond) => {
    expect(await probeBehind('stream headers', {}, { fault: server(respond) })).toEqual({
      result: 'ok',
      observed: 'the stream has X-Accel-Buffering: no',
    });
  });

  test.each<[string, Respond]>([
    ['that was held back until its end', held],
    ['that stays open', open],
  ])('%s is a fault', async (_title, respond) => {
    expect(await probeBehind('stream headers', { name: 'nginx' }, { fault: server(respond) })).toMatchObject({
      result: 'fail',
      observed: 'the stream has Content-Length',
      settings: [expect.stringContaining('proxy_buffering off')],
    });
  });
});
