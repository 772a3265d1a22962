// The consent page has all that the identity provider is asked for, and a consent is for that.
import { expect, test } from 'vitest';
import type { FacadeAnswer } from '../../../src/core/facade-server.js';
import type { Lines } from '../../support/exchange.js';
import { facadeScene } from '../../support/facade-server.js';

const shownScopes = ({ body }: FacadeAnswer) => (Buffer.isBuffer(body) || body.kind !== 'consent' ? null : body.scopes);
const allCookies = (...answers: FacadeAnswer[]): Lines => {
  const pairs = answers.flatMap(({ headers }) =>
    headers.filter((_, i) => headers[i - 1] === 'set-cookie').map((value) => value.split(';')[0] as string),
  );
  return [['Cookie', pairs.join('; ')]];
};

test('scopes of the operator are on the page', async () => {
  expect(shownScopes((await facadeScene().begin()).shown)).toEqual(['files:read', 'openid']);
  expect(shownScopes((await facadeScene({ scopes: [] }).begin()).shown)).toEqual(['files:read']);
});

test('a scope that the operator adds later needs a new consent', async () => {
  const before = facadeScene();
  const { clientId, shown, allow } = await before.begin();
  const cookies = allCookies(shown, await allow());
  expect((await before.begin(clientId, cookies)).shown.status).toBe(303);
  const after = facadeScene({ scopes: ['openid', 'offline_access'] });
  const again = (await after.begin(clientId, cookies)).shown;
  expect([again.status, shownScopes(again)]).toEqual([200, ['files:read', 'openid', 'offline_access']]);
});
