// Fetches of an issuer's key set, from an issuer fixture with every kind of fault.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../../src/core/clock.js';
import type { FetchJson } from '../../../src/idp/fetch-json.js';
import { createMetadataSource } from '../../../src/idp/metadata.js';
import { createJwksLoader } from '../../../src/verify/issuer/jwks-loader.js';
import { fetchJson } from '../../fixtures/fetch-json.js';
import { type IssuerMode, type JwksIssuer, startJwksIssuer } from '../../fixtures/jwks-issuer.js';
import { rsaKey } from '../../fixtures/mint.js';
import { until, withDeadline } from '../../fixtures/wait.js';
import { testClock } from '../../support/clock.js';
import { recorder } from '../../support/keys.js';

const keys = [rsaKey({ kid: 'one' })];
const clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };

let issuer: JwksIssuer;
beforeEach(async () => {
  issuer = await startJwksIssuer({ keys });
});
afterEach(() => issuer.stop());

const metadataOf = (timeoutMs: number, fetch = fetchJson, at: Clock = clock) =>
  createMetadataSource({
    issuer: issuer.issuer,
    timeoutMs,
    fetchJson: fetch,
    clock: at,
    schedule: () => () => {},
    notify: () => {},
    random: () => 1,
  });

function loader(jwksUri: string | null = issuer.jwksUri, timeoutMs = 2_000) {
  const { notices, notify } = recorder();
  const metadata = metadataOf(timeoutMs);
  const parts = { issuer: issuer.issuer, jwksUri, algorithms: ['RS256'], timeoutMs, metadata };
  const load = createJwksLoader({ ...parts, fetchJson, clock, notify });
  return { notices, load: () => withDeadline('the keys or a reason', load(), 5000) };
}

describe('a set', () => {
  test('is loaded from jwksUri, and logged (C-70)', async () => {
    const { load, notices } = loader();
    expect(await load()).toMatchObject({ ok: true, maxAgeSeconds: null, set: { keys: [{ kid: 'one' }] } });
    expect(issuer.hits).toEqual({ metadata: 0, jwks: 1, introspection: 0 });
    expect(notices).toEqual([{ event: 'keys.loaded', level: 'info', issuer: issuer.issuer, keys: 1, skipped: [] }]);
  });

  test('is loaded from the jwks_uri of the metadata, which is fetched once (C-24)', async () => {
    const { load } = loader(null);
    expect((await load()).ok && (await load()).ok).toBe(true);
    expect(issuer.hits).toEqual({ metadata: 1, jwks: 2, introspection: 0 });
  });

  test('is located again after a failure', async () => {
    const { load } = loader(null);
    await load();
    await issuer.setMode('500', 'jwks');
    expect((await load()).ok).toBe(false);
    await issuer.setMode('ok');
    // The metadata source fetches again after half a second at the earliest.
    await until('the keys are back', async () => (await load()).ok);
    expect(issuer.hits.metadata).toBe(2);
  });

  test.each<[string, number | null]>([
    ['max-age=60', 60],
    ['public, max-age=3600, must-revalidate', 3600],
    ['MAX-AGE=5', 5],
    ['s-maxage=9', null],
    ['no-store', null],
    ['max-age=x', null],
    ['max-age=-1', null],
  ])('Cache-Control: %s (C-69)', async (value, maxAgeSeconds) => {
    issuer.headers = { 'cache-control': value };
    expect(await loader().load()).toMatchObject({ ok: true, maxAgeSeconds });
  });

  test('with a key for encryption, as in every realm of Keycloak, is not a warning', async () => {
    const encryption = { ...rsaKey({ kid: 'enc' }).jwk, alg: 'RSA-OAEP', use: 'enc' };
    issuer.published = [...keys.map(({ jwk }) => jwk), encryption];
    const { load, notices } = loader();
    expect(await load()).toMatchObject({ ok: true });
    expect(notices).toEqual([expect.objectContaining({ level: 'info', keys: 1, skipped: ['not for signatures'] })]);
  });

  test('of more than 32 keys is used in part, with a warning', async () => {
    issuer.published = Array.from({ length: 33 }, (_, at) => ({ ...keys[0]?.jwk, kid: String(at) }));
    const { load, notices } = loader();
    expect(await load()).toMatchObject({ ok: true });
    const skipped = ['1 after the first 32 usable keys'];
    expect(notices).toEqual([expect.objectContaining({ level: 'warn', keys: 32, skipped })]);
  });

  test('with unusable keys is logged as a warning (C-60, C-64)', async () => {
    issuer.published = [{ kty: 'oct', k: 'AA' }, ...keys.map(({ jwk }) => jwk)];
    const { load, notices } = loader();
    expect(await load()).toMatchObject({ ok: true });
    expect(notices).toEqual([expect.objectContaining({ level: 'warn', keys: 1, skipped: ['private or symmetric'] })]);
  });
});

describe('no set', () => {
  test.each<[IssuerMode, string]>([
    ['500', 'keys: status 500 at <jwks>'],
    ['html', 'keys: not a key set at <jwks>'],
    ['redirect', 'keys: status 302 at <jwks>; set jwksUri of this issuer'],
    ['empty', 'keys: no usable key (empty set) at <jwks>'],
    ['huge', 'keys: answer larger than 262144 bytes at <jwks>'],
    ['reset', 'keys: ECONNRESET at <jwks>'],
    ['closed', 'keys: ECONNREFUSED at <jwks>'],
    ['hang', 'keys: no answer within 2000 ms at <jwks>'],
  ])('%s (C-70, C-71, C-66)', async (mode, detail) => {
    const { load } = loader();
    expect((await load()).ok).toBe(true);
    await issuer.setMode(mode);
    const started = performance.now();
    expect(await load()).toMatchObject({ ok: false, detail: detail.replace('<jwks>', issuer.jwksUri) });
    expect(performance.now() - started).toBeLessThan(3000);
    expect(issuer.hits.jwks).toBeLessThanOrEqual(2);
    await issuer.setMode('ok');
    expect((await load()).ok).toBe(true);
  });

  test.each<[IssuerMode, boolean]>([
    ['empty', true],
    ['html', false],
    ['500', false],
  ])('%s is an empty set: %s (C-71)', async (mode, isEmptySet) => {
    await issuer.setMode(mode);
    const loaded = await loader().load();
    expect(!loaded.ok && (loaded.isEmptySet ?? false)).toBe(isEmptySet);
  });

  test('metadata that is not there: the detail names its URLs and the fields that help', async () => {
    await issuer.setMode('redirect', 'metadata');
    const url = `${issuer.issuer}/.well-known`;
    expect(await loader(null).load()).toMatchObject({
      ok: false,
      detail:
        `metadata: status 302 at ${url}/oauth-authorization-server, status 302 at ${url}/openid-configuration` +
        '; set jwksUri or metadataUrl of this issuer',
    });
    await issuer.setMode('500', 'metadata');
    expect(await loader(null).load()).toMatchObject({ ok: false, detail: expect.not.stringContaining('; set ') });
  });

  test('compressed (C-70)', async () => {
    issuer.headers = { 'content-encoding': 'gzip' };
    expect(await loader().load()).toEqual({ ok: false, detail: `keys: answer is compressed at ${issuer.jwksUri}` });
  });

  test.each<[string, Record<string, unknown>, string]>([
    [
      'metadata of another issuer (C-24)',
      { issuer: 'https://evil.example' },
      'names another issuer: https://evil.example; compare issuer with iss of a token; set jwksUri or metadataUrl of this issuer',
    ],
    ['metadata without keys', { jwks_uri: undefined }, 'metadata has no usable jwks_uri; set jwksUri of this issuer'],
    ['metadata with unsafe keys (A-64)', { jwks_uri: 'http://keys.example/' }, 'metadata has no usable jwks_uri; set jwksUri'],
  ])('%s', async (_what, metadata, detail) => {
    expect((await loader(null).load()).ok).toBe(true);
    issuer.metadata = metadata;
    expect(await loader(null).load()).toMatchObject({ ok: false, detail: expect.stringContaining(detail) });
    expect(issuer.hits.jwks).toBe(1);
  });

  test('metadata that hangs uses up the time for the keys (C-70)', async () => {
    await issuer.setMode('hang', 'metadata');
    expect(await loader(null, 300).load()).toMatchObject({ ok: false, detail: expect.stringContaining('300 ms') });
    expect(issuer.hits).toMatchObject({ metadata: 1, jwks: 0 });
  });

  test('old metadata that hangs when fetched again takes no time from the keys', async () => {
    const { notify } = recorder();
    const at = testClock();
    const timeoutMs = 300;
    const parts = { issuer: issuer.issuer, jwksUri: null, algorithms: ['RS256'], timeoutMs, fetchJson, clock: at, notify };
    const load = createJwksLoader({ ...parts, metadata: metadataOf(timeoutMs, fetchJson, at) });
    expect((await load()).ok).toBe(true);
    await issuer.setMode('hang', 'metadata');
    at.advance(2 * 3_600_000);
    for (let i = 0; i < 3; i += 1) expect((await withDeadline('the keys', load(), 5000)).ok).toBe(true);
    await until('the metadata was fetched again', () => issuer.hits.metadata === 2);
  });

  test('after metadata that took all the time, the keys are not requested (C-70)', async () => {
    let now = 0;
    const slow: FetchJson = (request) => {
      now += 300;
      return fetchJson(request);
    };
    const { notify } = recorder();
    const parts = { issuer: issuer.issuer, jwksUri: null, algorithms: ['RS256'], fetchJson: slow, notify };
    const late = { ...clock, monotonicMs: () => now };
    expect((await createJwksLoader({ ...parts, timeoutMs: 900, metadata: metadataOf(900, slow, late), clock: late })()).ok).toBe(
      true,
    );
    expect(issuer.hits.jwks).toBe(1);
    now = 0;
    expect(await createJwksLoader({ ...parts, timeoutMs: 300, metadata: metadataOf(300, slow, late), clock: late })()).toEqual({
      ok: false,
      detail: 'no keys within 300 ms',
    });
    expect(issuer.hits.jwks).toBe(1);
  });

  test.each([200, 400])('a missing response ends after %d ms (C-70)', async (timeoutMs) => {
    await issuer.setMode('hang');
    expect(await loader(issuer.jwksUri, timeoutMs).load()).toEqual({
      ok: false,
      detail: `keys: no answer within ${timeoutMs} ms at ${issuer.jwksUri}`,
    });
  });
});
