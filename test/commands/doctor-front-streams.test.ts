// The doctor behind front proxies that hold back, compress or cut streams, and behind a correct
// one.
import { describe, expect, test } from 'vitest';
import type { FrontFaults } from '../fixtures/front.js';
import { type BehindOptions, probeBehind } from './behind-front.js';

/** The GET stream of a server that offers one: it stays quiet. */
const WITH_GET_STREAM: BehindOptions = {
  fault: {
    before: (req, res) => {
      if (req.url !== '/mcp' || req.method !== 'GET' || !String(req.headers.authorization).includes('eyJ')) return false;
      res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      return true;
    },
  },
};

describe('events that a front holds back', () => {
  test.each<[string, FrontFaults, RegExp]>([
    ['lighttpd', { name: 'lighttpd/1.4.69', buffers: true }, /^lighttpd, which is in front: `server.stream-response-body = 2`$/],
    ['nginx', { name: 'nginx/1.22.1', buffers: true }, /^nginx, which is in front: `proxy_buffering off` and `gzip off`$/],
    ['without a name', { buffers: true }, /^nginx: /],
  ])('until the end, %s: the fix is its setting for buffering', async (_title, faults, setting) => {
    const options = { target: { tool: 'ticks', eventMs: 400 } };
    const event = await probeBehind('immediate event', faults, options);
    expect(event).toMatchObject({ result: 'fail', observed: 'nothing arrived within 0.4 s of an open stream' });
    expect(event.settings?.[0]).toMatch(setting);
    const progress = await probeBehind('call progress', faults, options);
    expect([progress.result, progress.observed]).toEqual([
      'warn',
      expect.stringMatching(/^all events arrived at the end: 17 events after /),
    ]);
    expect(progress.settings?.[0]).toMatch(setting);
  });

  test('for a moment each: a warning with the setting of HAProxy; without delay, none', async () => {
    expect((await probeBehind('time of the first event', {}))?.result).toBe('ok');
    // HAProxy holds them for 207 ms (measured). More keeps the difference clear on a busy machine.
    const held = await probeBehind('time of the first event', { delayMs: 500 });
    expect(held?.result).toBe('warn');
    expect(held?.settings).toEqual([expect.stringMatching(/^HAProxy: `option http-no-delay`/)]);
  });

  test('in groups: a warning that lists the times; one by one, none', async () => {
    const target = { tool: 'ticks' };
    const single = await probeBehind('call progress', {}, { target });
    expect([single?.result, single?.observed]).toEqual([
      'ok',
      expect.stringMatching(/^the events arrived during the call: 17 events after (\d+, ){6}\.\.\.(, \d+){5} ms$/),
    ]);
    const grouped = await probeBehind('call progress', { groupMs: 250 }, { target });
    expect([grouped?.result, grouped?.observed]).toEqual([
      'warn',
      expect.stringMatching(/^the events arrived in groups: 17 events after /),
    ]);
  });

  test('until a byte of the body comes: the fix asks for a comment line with the head', async () => {
    expect((await probeBehind('GET stream', {}, WITH_GET_STREAM))?.observed).toBe('the headers arrived immediately');
    const held = await probeBehind('GET stream', { holdsHead: true }, WITH_GET_STREAM);
    expect([held?.result, held?.observed]).toEqual(['fail', 'no headers arrived within 1 s']);
    expect(held?.fix).toMatch(/send one comment line \(`:`\) together with the head/);
  });
});

describe('headers of a stream', () => {
  test('nginx removes X-Accel-Buffering: the fix names proxy_pass_header, and does not blame the server', async () => {
    expect((await probeBehind('stream headers', { name: 'nginx' }))?.result).toBe('ok');
    const lacks = await probeBehind('stream headers', { name: 'nginx', strips: /^x-accel-buffering$/ });
    expect(lacks).toMatchObject({
      result: 'warn',
      settings: ['nginx, which is in front: `proxy_pass_header X-Accel-Buffering`'],
    });
    expect(lacks?.fix).toMatch(/^nothing, if no other proxy is in front of nginx/);
    const unnamed = await probeBehind('stream headers', { strips: /^x-accel-buffering$/ });
    expect(unnamed?.fix).toMatch(/^add X-Accel-Buffering: no\. If the server sends it, nginx/);
  });

  test('a front that compresses only for clients that accept it', async () => {
    const compressed = await probeBehind('stream headers', { name: 'Apache/2.4', compresses: true });
    expect(compressed).toMatchObject({
      result: 'fail',
      observed: 'the stream has Content-Encoding: gzip',
      settings: ['Apache, which is in front: `SetEnv no-gzip 1`'],
    });
  });
});

describe('a slow tool', () => {
  test('does not fail: the doctor says how long it waited', async () => {
    const target = { tool: 'slow', callMs: 700 };
    for (const era of ['modern', 'legacy'])
      expect(await probeBehind(`tool call, ${era}`, {}, { target })).toMatchObject({
        result: 'skipped',
        observed: expect.stringMatching(/^slow takes longer than 0\.7 s: --long waits longer/),
      });
    expect((await probeBehind('tool call, modern', {}, { target: { tool: 'slow', callMs: 5_000 } }))?.observed).toBe(
      'slow got a result',
    );
  });

  test('behind a front that gives up before: a failure, with the timeout of that proxy', async () => {
    const gaveUp = await probeBehind('tool call, modern', { name: 'nginx', answerMs: 1_200 }, { target: { tool: 'slow' } });
    expect(gaveUp).toMatchObject({
      result: 'fail',
      observed: expect.stringMatching(/^slow got 504 with an HTML page after \d\.\d s$/),
      settings: ['nginx, which is in front: `proxy_read_timeout 1h`'],
    });
    const inTime = await probeBehind('tool call, modern', { name: 'nginx', answerMs: 4_000 }, { target: { tool: 'slow' } });
    expect(inTime?.result).toBe('ok');
  });
});

describe('--long', () => {
  const LONG = { target: { idleMs: 900 } };
  test('a stream stays open behind a correct front', async () => {
    expect((await probeBehind('idle stream', {}, LONG))?.observed).toMatch(/^the stream was open for [\d.]+ s$/);
  });

  test('a front that ends streams: the fix is its timeout', async () => {
    const cut = await probeBehind('idle stream', { name: 'varnish', cutMs: 400 }, LONG);
    expect(cut).toMatchObject({ result: 'fail', observed: expect.stringMatching(/^the stream ended after [\d.]+ s$/) });
    expect(cut?.settings).toEqual([expect.stringMatching(/^Varnish, which is in front: `-p send_timeout=2592000`/)]);
  });

  test('a front that buffers: the fix does not ask for a longer timeout', async () => {
    const held = await probeBehind('idle stream', { name: 'lighttpd/1.4.69', buffers: true }, LONG);
    expect([held?.result, held?.observed]).toEqual([
      'fail',
      expect.stringMatching(/^nothing arrived within [\d.]+ s of an open stream$/),
    ]);
    expect(held?.settings).toEqual([expect.stringContaining('server.stream-response-body = 2')]);
  });

  test('a stream may end with the token', async () => {
    const claims = { exp: Math.floor(Date.now() / 1000) + 30 };
    const ended = await probeBehind('idle stream', { cutMs: 400 }, { ...LONG, claims });
    expect(ended).toMatchObject({
      result: 'skipped',
      observed: expect.stringMatching(/with the token; use one that lives longer$/),
    });
  });
});
