// The log line of a request with an API key or a bridge token: its fingerprint, and never the key.
import { describe, expect, test } from 'vitest';
import type { ApiKey } from '../../src/core/api-key.js';
import * as failures from '../../src/core/failures.js';
import type { Result } from '../../src/core/result.js';
import { rejectKey } from '../../src/verify/authenticators/api-key.js';
import { apiKey, endpoint, KEY, keyBearer, keyCaller, keyHeader, principal } from '../support/endpoint.js';
import { exchange } from '../support/exchange.js';
import { lineOf } from '../support/log-line.js';
import { logging } from '../support/logging.js';
import { outcome } from '../support/outcome.js';

const FINGERPRINT = apiKey().sha256.slice(0, 8);
const text = (line: unknown): string => JSON.stringify(line);

describe.each(['api-key', 'bridge'] as const)('a caller by %s', (credential) => {
  const caller = keyCaller(apiKey(), credential);

  test('has a fingerprint and a name, and no issuer', () => {
    const line = lineOf({ caller });
    expect(line).toMatchObject({ credential, subject: 'partner-a', clientId: 'partner-a', keyFingerprint: FINGERPRINT });
    expect(line).not.toHaveProperty('issuer');
    expect(text(line)).not.toContain(apiKey().sha256.slice(0, 9));
  });

  test('also where a later step rejects it', () => {
    const line = lineOf({ caller, failure: failures.toolDenied(), status: 403 });
    expect(line).toMatchObject({ credential, subject: 'partner-a', keyFingerprint: FINGERPRINT, reason: 'tool.denied' });
    expect(line).not.toHaveProperty('issuer');
  });

  test('also where the key itself is rejected', () => {
    const rejected = (key: ApiKey) => rejectKey(key, endpoint(), Date.now(), credential) as Result<never> & { ok: false };
    const past = lineOf({ caller: null, failure: rejected(apiKey(KEY, { sunsetMs: 1 })), status: 401 });
    const away = lineOf({ caller: null, failure: rejected(apiKey(KEY, { endpoints: ['/x'] })), status: 401 });
    for (const line of [past, away]) {
      expect(line).toMatchObject({ credential, subject: 'partner-a', keyFingerprint: FINGERPRINT });
      expect(line).not.toHaveProperty('issuer');
    }
    expect([past.reason, away.reason]).toEqual(['key.sunset', credential === 'bridge' ? 'audience.mismatch' : 'key.unknown']);
  });
});

test('two keys in turn have each their own line, and other callers have no such field', () => {
  const { log, lines } = logging();
  const callers = [keyCaller(), keyCaller(apiKey('sk_live_other', { name: 'partner-b' })), principal(), keyCaller()];
  for (const caller of callers) log.request(outcome({ caller }));
  const other = apiKey('sk_live_other').sha256.slice(0, 8);
  expect(lines().map((line) => line.keyFingerprint)).toEqual([FINGERPRINT, other, undefined, FINGERPRINT]);
});

describe('a key with a configured prefix is masked where a client puts it (C-153)', () => {
  const at = endpoint({ apiKeys: [keyHeader, keyBearer] });
  const message = (name: string) => ({
    era: 'modern' as const,
    calls: [{ method: 'resources/read', name, idText: '1' }],
    body: null,
  });
  const agent = exchange({ lines: [['User-Agent', `curl ${KEY}`]] });

  test('in a name, for a success and for a rejection', () => {
    const asked = { endpoint: at, message: message(`file:///x?key=${KEY}&a=1`) };
    const ends = [{}, { failure: failures.resourceDenied(), status: 403 }];
    for (const end of ends) expect(lineOf({ ...asked, ...end })['mcp.resource.uri']).toBe('file:///x?key=[token]&a=1');
  });

  test('in a method, a batch, a user agent, a detail and a claim', () => {
    const unverified = { iss: KEY, aud: [KEY], sub: `x ${KEY}`, client_id: KEY };
    const failure = failures.tokenIssuer({ detail: `iss "${KEY}"`, unverified });
    const calls = [1, 2].map(() => ({ method: KEY, name: KEY, idText: '1' }));
    const line = lineOf({
      endpoint: at,
      caller: null,
      exchange: agent,
      failure,
      status: 401,
      message: { era: 'legacy', calls, body: null },
    });
    expect(line).toMatchObject({ detail: 'iss "[token]"', 'user_agent.original': 'curl [token]', 'unverified.sub': 'x [token]' });
    expect(text(line)).not.toContain(KEY.slice(0, 16));
  });

  test('only where the endpoint has the prefix: elsewhere it looks like any text', () => {
    expect(lineOf({ message: message(KEY) })['mcp.resource.uri']).toBe(KEY);
  });
});
