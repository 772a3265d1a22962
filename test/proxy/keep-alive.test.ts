// The comments that the gateway sends on a quiet event stream, tick by tick.
import { describe, expect, test } from 'vitest';
import type { StreamLimits } from '../../src/core/endpoint.js';
import type { StreamContext } from '../../src/proxy/event-stream.js';
import { TICK_MS } from '../../src/proxy/stream-ticker.js';
import { COMMENT, type Opened, open, pass, watchStreams } from '../support/watched-stream.js';

watchStreams();

describe('B-72: comments on a quiet stream', () => {
  test.each([1, 2, 15, 60])('are sent every %d s, and never later', (keepAliveSeconds) => {
    const { comments } = open({}, { keepAliveSeconds });
    pass(keepAliveSeconds * 1000 - TICK_MS);
    const early = comments.length;
    pass(TICK_MS);
    expect([early, comments]).toEqual([0, [COMMENT]]);
    pass(keepAliveSeconds * 9000);
    expect(comments).toHaveLength(10);
  });

  test('are not sent while events arrive; the time counts from the last event', () => {
    const { comments, sends } = open({}, { keepAliveSeconds: 2 });
    for (let n = 0; n < 10; n++) {
      pass(1000);
      sends('data: 1\n\n');
    }
    expect(comments).toEqual([]);
    pass(2000);
    expect(comments).toEqual([COMMENT]);
  });

  test.each<[string, (opened: Opened) => void]>([
    ['within an event', ({ sends }) => sends('data: 1\n\ndata: 2\n')],
    [
      'while the caller reads too slowly',
      ({ writer }) => {
        writer.isPaused = true;
      },
    ],
  ])('are not sent %s, and are sent again afterwards', (_what, hinder) => {
    const opened = open();
    pass(15_000);
    expect(opened.comments).toHaveLength(1);
    hinder(opened);
    pass(60_000);
    expect(opened.comments).toHaveLength(1);
    opened.writer.isPaused = false;
    opened.sends('\n');
    pass(15_000);
    expect(opened.comments).toHaveLength(2);
  });

  test.each<[string, Partial<StreamContext>, Partial<StreamLimits>]>([
    ['switched off', {}, { keepAliveSeconds: 0 }],
    ['a response with a length or an encoding', { canAppend: false }, {}],
  ])('are never sent: %s', (_what, context, limits) => {
    const { comments } = open(context, limits);
    pass(120_000);
    expect(comments).toEqual([]);
  });

  test('are not sent after the stream ended', () => {
    const { comments, stream } = open();
    pass(15_000);
    stream.stop();
    pass(60_000);
    expect(comments).toHaveLength(1);
  });
});
