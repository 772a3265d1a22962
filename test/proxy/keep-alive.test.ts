// When a comment goes out on an event stream that is quiet, look by look.
import { describe, expect, test } from 'vitest';
import type { StreamLimits } from '../../src/core/endpoint.js';
import type { StreamAsk } from '../../src/proxy/event-stream.js';
import { TICK_MS } from '../../src/proxy/stream-ticker.js';
import { COMMENT, type Opened, open, pass, watchStreams } from '../support/watched-stream.js';

watchStreams();

describe('B-72: comments while nothing is sent', () => {
  test.each([1, 2, 15, 60])('after %d s, and again, never later', (keepAliveSeconds) => {
    const { comments } = open({}, { keepAliveSeconds });
    pass(keepAliveSeconds * 1000 - TICK_MS);
    const early = comments.length;
    pass(TICK_MS);
    expect([early, comments]).toEqual([0, [COMMENT]]);
    pass(keepAliveSeconds * 9000);
    expect(comments).toHaveLength(10);
  });

  test('not while events come, and from the last one on', () => {
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
      ({ owner }) => {
        owner.isHeldBack = true;
      },
    ],
  ])('not %s, and as soon as that is over', (_what, hinder) => {
    const opened = open();
    pass(15_000);
    expect(opened.comments).toHaveLength(1);
    hinder(opened);
    pass(60_000);
    expect(opened.comments).toHaveLength(1);
    opened.owner.isHeldBack = false;
    opened.sends('\n');
    pass(15_000);
    expect(opened.comments).toHaveLength(2);
  });

  test.each<[string, Partial<StreamAsk>, Partial<StreamLimits>]>([
    ['switched off', {}, { keepAliveSeconds: 0 }],
    ['counted or encoded bytes', { takesMore: false }, {}],
  ])('none at all: %s', (_what, ask, terms) => {
    const { comments } = open(ask, terms);
    pass(120_000);
    expect(comments).toEqual([]);
  });

  test('none once it is over', () => {
    const { comments, stream } = open();
    pass(15_000);
    stream.over();
    pass(60_000);
    expect(comments).toHaveLength(1);
  });
});
