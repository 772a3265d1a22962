// A reload that comes between the head of an event stream and the end of the turn of its head.
import { setImmediate as turn } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { expect, test } from 'vitest';
import { keyUnknown } from '../../src/core/failures.js';
import { createOpenStream } from '../../src/proxy/event-stream.js';
import { Relay } from '../../src/proxy/relay.js';
import type { RelayContext } from '../../src/proxy/relay-context.js';
import { createStreamTicker } from '../../src/proxy/stream-ticker.js';
import { testClock } from '../support/clock.js';
import { endpoint, principal } from '../support/endpoint.js';
import { exchange } from '../support/exchange.js';

function scene() {
  const clock = testClock();
  const ticker = createStreamTicker(clock);
  const at = endpoint();
  const asked = exchange({ method: 'GET' });
  const ends: (string | null)[] = [];
  let generation = 0;
  const context: RelayContext = {
    exchange: asked,
    era: 'legacy',
    caller: principal(),
    upstream: at.upstream,
    credentialHeaders: [],
    credentialKind: 'none',
    held: true,
    slot: {
      dispatcher: {} as Dispatcher,
      awaitHead() {},
      headReceived() {},
      release() {},
    } as unknown as RelayContext['slot'],
    session: null,
    idText: undefined,
    addsComments: true,
    openStream: createOpenStream(at, ticker, clock),
    admission: {
      get generation() {
        return generation;
      },
      recheck: () => keyUnknown({ detail: 'the key is gone' }),
    },
    generation,
  };
  const relay = new Relay(context, { onResponseEnd: (end) => void ends.push(end?.definition.reason ?? null) });
  const controller = { abort() {}, pause() {}, resume() {}, rawHeaders: [] } as unknown as Dispatcher.DispatchController;
  relay.onRequestStart(controller);
  const head = () => relay.onResponseStart(controller, 200, { 'content-type': 'text/event-stream' });
  const reload = () => {
    generation++;
    ticker.recheck();
  };
  return { asked, ends, head, reload };
}

test('a reload after the turn of the head ends the stream of a removed caller', async () => {
  const { asked, ends, head, reload } = scene();
  head();
  await turn();
  expect(ends).toEqual([]);
  reload();
  await turn();
  expect([asked.sentStatus, ends]).toEqual([200, ['stream.revoked']]);
});

test('a reload in the turn of the head, which sees no open stream yet, ends it too', async () => {
  const { asked, ends, head, reload } = scene();
  head();
  reload();
  await turn();
  await turn();
  expect([asked.sentStatus, ends]).toEqual([200, ['stream.revoked']]);
  expect(asked.sent).not.toBeNull();
});

test('a stream without a reload stays open', async () => {
  const { ends, head } = scene();
  head();
  await turn();
  await turn();
  expect(ends).toEqual([]);
});
