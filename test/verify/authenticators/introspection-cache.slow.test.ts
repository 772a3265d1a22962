// Floods of unknown tokens: the cache of introspection results is bounded.
import { describe, expect, test } from 'vitest';
import { active } from '../../support/introspecting.js';
import { json, newToken, server, setting, startIntrospectionServer } from '../../support/introspection-server.js';

startIntrospectionServer();

describe('the cache is bounded (E-02, C-86)', () => {
  test('to ten thousand inactive tokens; a larger flood evicts inactive tokens, not active ones', async () => {
    const { reason } = setting();
    expect(await reason('known')).toBe('ok');
    server.answer(json({ active: false }));
    expect([await reason('first'), await reason('first'), server.hits]).toEqual(['token.inactive', 'token.inactive', 2]);
    for (let i = 0; i < 100; i++) {
      const results = await Promise.all(Array.from({ length: 100 }, () => reason(newToken())));
      expect(new Set(results)).toEqual(new Set(['token.inactive']));
    }
    const before = server.hits;
    expect([await reason('first'), server.hits]).toEqual(['token.inactive', before + 1]);
    expect([await reason('known'), server.hits]).toEqual(['ok', before + 1]);
  }, 60_000);

  test('to 16 MiB of active responses', async () => {
    const { reason } = setting();
    server.answer(json(active({ padding: 'x'.repeat(60_000) })));
    const tokens = Array.from({ length: 300 }, (_, i) => `large-${i}`);
    for (const token of tokens) expect(await reason(token)).toBe('ok');
    expect(server.hits).toBe(300);
    // 279 of 60 kB fit: the newest are cached, the oldest are introspected again.
    for (const token of tokens.slice(-270)) expect(await reason(token)).toBe('ok');
    expect(server.hits).toBe(300);
    expect([await reason('large-0'), server.hits]).toEqual(['ok', 301]);
  });

  test('and never holds the token, even if the endpoint repeats it (C-87)', async () => {
    const { ask } = setting();
    const token = 'a-token-that-is-repeated';
    server.answer(json(active({ token, access_token: token, roles: ['admin'] })));
    const result = await ask(token);
    expect(result).toMatchObject({ ok: true, value: { principal: { subject: 'alice', claims: { roles: ['admin'] } } } });
    expect(JSON.stringify(result)).not.toContain(token);
    expect(JSON.stringify(await ask(token))).not.toContain(token);
  });
});
