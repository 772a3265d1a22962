// Which requests use up the logins of a network: those of its people, and not those that another
// site causes in a browser.
import { beforeEach, describe, expect, test } from 'vitest';
import type { Lines } from '../../support/exchange.js';
import { FORM, facadeScene, header, query } from '../../support/facade-server.js';

let scene: ReturnType<typeof facadeScene>;
beforeEach(() => {
  scene = facadeScene();
});
const destined = (to: string): Lines => [['Sec-Fetch-Dest', to]];

describe('a request for a part of another page', () => {
  test.each(['image', 'iframe', 'frame', 'embed', 'object', 'script', 'style', 'empty', 'fencedframe', ''])(
    '%j is refused and not counted',
    async (destination) => {
      expect((await scene.begin(undefined, destined('document'))).shown.status).toBe(200);
      for (let i = 0; i < 200; i += 1) {
        const { status, failure, headers } = await scene.call('authorize', 'GET', '', destined(destination));
        expect([status, failure?.detail]).toEqual([400, 'the browser asked for a part of another page']);
        expect(headers).not.toContain('location');
      }
      expect((await scene.begin()).shown.status).toBe(200);
    },
  );
  test('the consent form and the callback too', async () => {
    const { back, allow } = await scene.toCallback();
    const isRefused = async (answer: ReturnType<typeof allow>) =>
      expect((await answer).failure?.detail).toBe('the browser asked for a part of another page');
    await isRefused(allow(destined('iframe')));
    await isRefused(back({}, destined('image')));
    expect((await back({}, destined('document'))).status).toBe(303);
  });
  test('a page that the browser loads ahead', async () => {
    const { status, failure } = (await scene.begin(undefined, [...destined('document'), ['Sec-Purpose', 'prefetch']])).shown;
    expect([status, failure?.detail]).toEqual([400, 'the browser loaded the page ahead']);
  });
  test('a browser that does not say, or says it twice', async () => {
    expect((await scene.begin()).shown.status).toBe(200);
    const twice = await scene.call('authorize', 'GET', '', [...destined('document'), ...destined('document')]);
    expect(twice.failure?.detail).toBe('the browser asked for a part of another page');
  });
});

describe('the callback', () => {
  test('without a good state, or of another browser, is not counted', async () => {
    const { back } = await scene.toCallback();
    const stranger = await scene.toCallback();
    const state = stranger.toIdp.searchParams.get('state') ?? '';
    for (let i = 0; i < 200; i += 1) {
      expect((await scene.call('callback', 'GET', query({ state: 'guess', code: 'c' }))).status).toBe(400);
      expect((await back({ state })).failure?.detail).toBe('callback: the login of another browser');
    }
    expect((await scene.begin()).shown.status).toBe(200);
    expect((await back()).status).toBe(303);
  });
  test('of a login is counted', async () => {
    const { back } = await scene.toCallback();
    // The pages of this login were two.
    for (let i = 0; i < 118; i += 1) expect((await back()).status).toBe(303);
    const answer = await back();
    expect([answer.status, header(answer, 'retry-after')]).toEqual([429, '60']);
  });
});

test('120 forms of a network a minute', async () => {
  for (let i = 0; i < 120; i += 1) expect((await scene.call('consent', 'POST', '', FORM)).status).toBe(400);
  expect((await scene.call('consent', 'POST', '', FORM)).status).toBe(429);
});
