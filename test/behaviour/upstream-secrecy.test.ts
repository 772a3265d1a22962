// No token of a caller reaches an upstream, whichever credential the upstream gets and however the
// caller proves who it is.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { onwardToken } from '../fixtures/ledger.js';
import { type HeaderLine, modern } from '../fixtures/messages.js';
import type { RawResponse } from '../fixtures/raw-client.js';
import type { RecordedRequest } from '../fixtures/raw-upstream.js';
import { CONFIGURED, type KindsScene, type Presented, startKindsScene, WAYS } from '../support/upstream-kinds.js';

const NAMES = ['none', 'static', 'header', 'identity', 'exchange', 'behalf', 'jag', 'machine', 'forward'];
/** These kinds present a token of the caller, so each key needs a credential of its own. */
const NEEDS_TOKEN = ['exchange', 'behalf', 'jag', 'forward'];
const KEPT = 'a key with its own upstream credential';
const isRefused = (kind: string, way: string): boolean => NEEDS_TOKEN.includes(kind) && /key/.test(way) && way !== KEPT;
/** The bridge is the only issuer of its endpoints, so the start rejects these kinds there. */
const hasBridge = (kind: string): boolean => !NEEDS_TOKEN.includes(kind);
/** Headers in which other proxies forward a token. */
const OTHER_PLACES = ['X-Forwarded-Access-Token', 'X-Auth-Request-Access-Token', 'X-Original-Authorization', 'Cookie'];

/** The Authorization header of the upstream. A kind that is not here sends none. */
const WANTED: Record<string, RegExp> = {
  static: new RegExp(`^${CONFIGURED.STATIC_UPSTREAM}$`),
  identity: /^Bearer ey/,
  exchange: /^Bearer ey/,
  behalf: /^Bearer ey/,
  jag: /^Bearer ey/,
  machine: /^Bearer ey/,
  forward: /^Bearer (ey|opaque)/,
};

let kinds: KindsScene;
beforeAll(async () => {
  kinds = await startKindsScene(NAMES);
});
afterAll(() => kinds.stop());
beforeEach(() => kinds.upstream.reset());

/** Sends the credential in other headers too. */
function call(kind: string, { path = `/${kind}/mcp`, lines, secrets }: Presented): Promise<RawResponse> {
  const elsewhere = OTHER_PLACES.map((name): HeaderLine => [name, String(secrets[0])]);
  const request = modern('tools/list', { path, headers: [...lines, ...elsewhere] });
  return kinds.scene.send(request, { label: `a call to ${path}` });
}

const valuesOf = ({ rawHeaders }: RecordedRequest, wanted: string): string[] =>
  rawHeaders.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);

const textOf = ({ rawHeaders, target, body }: RecordedRequest): string =>
  [target, ...rawHeaders.map(([name, value]) => `${name}: ${value}`), body.toString('latin1')].join('\n');

describe.each(NAMES)('A-42: an upstream with the credential %s', (kind) => {
  const ways = Object.entries(WAYS).filter(([way]) => way !== 'a bridge token' || hasBridge(kind));

  test.each(ways)('does not get %s', async (way, present) => {
    const presented = await present(kinds.scene, kind);
    const isForwarded = kind === 'forward' && way !== KEPT && !isRefused(kind, way);
    if (isForwarded) onwardToken(String(presented.secrets[0]));
    const response = await call(kind, presented);
    if (isRefused(kind, way)) {
      expect([response.status, kinds.upstream.hits]).toEqual([403, 0]);
      expect((await kinds.scene.logOf(response)).reason).toBe('exchange.refused');
      return;
    }
    expect([response.status, kinds.upstream.hits]).toEqual([200, 1]);
    const request = kinds.upstream.last as RecordedRequest;
    const wanted = way === KEPT ? new RegExp(`^${CONFIGURED.SWAP_UPSTREAM}$`) : WANTED[kind];
    expect(valuesOf(request, 'authorization')).toEqual(wanted === undefined ? [] : [expect.stringMatching(wanted)]);
    expect(valuesOf(request, 'x-backend-key')).toEqual(kind === 'header' && way !== KEPT ? [CONFIGURED.HEADER_UPSTREAM] : []);
    expect(valuesOf(request, 'x-constant')).toEqual([CONFIGURED.CONSTANT_UPSTREAM]);
    const text = isForwarded ? textOf(request).replace(/^authorization: .*$/im, '') : textOf(request);
    expect(presented.secrets.filter((secret) => text.includes(secret))).toEqual([]);
  });
});

test('A-42: the upstream of a pass-through caller gets its header, and no header of the operator', async () => {
  const line: HeaderLine = ['Authorization', 'Old a-legacy-credential-5b7e'];
  const response = await kinds.scene.send(modern('tools/list', { path: '/none/mcp', headers: [line] }));
  expect([response.status, kinds.upstream.hits]).toEqual([200, 1]);
  const request = kinds.upstream.last as RecordedRequest;
  expect(valuesOf(request, 'authorization')).toEqual([line[1]]);
  expect(['x-user', 'x-constant', 'x-backend-key'].flatMap((name) => valuesOf(request, name))).toEqual([]);
});
