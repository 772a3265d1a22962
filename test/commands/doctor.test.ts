// The doctor on a good server that is not ours: nothing to say of it, what is called there, and where the token goes.
import { describe, expect, test } from 'vitest';
import { listenLoopback } from '../../src/commands/demo/loopback.js';
import { allChecks } from '../../src/commands/doctor/examine.js';
import { createLook } from '../../src/commands/doctor/look.js';
import { examined, hasToken, redirect, TARGET, told } from './examined.js';
import { startStrange } from './strange-server.js';

describe('a good server that is not ours', () => {
  test('nothing fails; each fault below is the only one of its server', async () => {
    const strange = await startStrange();
    const found = await examined(strange);
    await strange.stop();
    expect(told(found, 'fail')).toEqual([]);
    // Codex alone would miss the copy of the metadata.
    expect(told(found, 'warn')).toEqual([
      'warn copy of that metadata at the origin: 404: Codex takes the server for one without login',
    ]);
    expect(told(found, 'skipped').map((line) => line.split(':')[0])).toEqual([
      'skipped progress of the call',
      'skipped quiet stream',
    ]);
    expect(found.length).toBe(allChecks.length);
  });

  test('only a tool that reads and needs nothing is called, once in each era; another one by name alone', async () => {
    const strange = await startStrange();
    await examined(strange);
    expect(strange.called).toEqual(['time', 'time']);
    await examined(strange, { tool: 'wipe' });
    expect(strange.called.slice(2)).toEqual(['wipe', 'wipe']);
    const found = await examined(strange, { tool: 'nothing' });
    expect(told(found, 'fail')).toEqual([
      'fail call of a tool, modern: there is no tool nothing',
      'fail call of a tool, legacy: there is no tool nothing',
    ]);
    await strange.stop();
  });

  test('the token goes to the URL alone', async () => {
    const strange = await startStrange();
    await examined(strange);
    const { origin, seen } = strange;
    await strange.stop();
    expect(seen.filter(({ withToken }) => withToken).length).toBeGreaterThan(5);
    expect(seen.filter(({ where, withToken }) => withToken && !/^(POST|GET|DELETE) server\/mcp$/.test(where))).toEqual([]);
    expect(seen.some(({ where }) => where.includes('issuer/.well-known'))).toBe(true);
    expect(origin).toMatch(/^http:\/\/127/);
  });

  test('the token follows no redirect, and travels by no open line', async () => {
    const arrived: string[] = [];
    const elsewhere = await listenLoopback((req, res) => {
      arrived.push(String(req.url));
      res.end();
    });
    const strange = await startStrange({
      before: (req, res) => hasToken(req) && redirect(res, `${elsewhere.url}/steal`),
    });
    const found = await examined(strange);
    await Promise.all([strange.stop(), elsewhere.close()]);
    expect(told(found, 'skipped')).toContainEqual(expect.stringContaining(`a redirect to ${elsewhere.url}/steal`));
    expect(arrived).toEqual([]);
    const look = (url: string) => createLook({ ...TARGET, url, token: strange.token });
    expect([look(strange.url).mayAuthorize, look('http://mcp.example.com/mcp').mayAuthorize]).toEqual([true, false]);
  });

  test('a quiet stream is held open as long as asked for', async () => {
    const strange = await startStrange();
    const found = await examined(strange, { quietMs: 600 });
    expect(told(found, 'ok').filter((line) => line.includes('quiet stream'))).toEqual([
      expect.stringMatching(/open for 0\.[6-9] s/),
    ]);
    await strange.stop();
    const cut = await startStrange({
      around: (res) => {
        res.setHeader('x-accel-buffering', 'no');
        setTimeout(() => res.destroy(), 300).unref();
      },
    });
    const found2 = await examined(cut, { quietMs: 900 });
    await cut.stop();
    expect(told(found2, 'fail')).toEqual([expect.stringMatching(/^fail quiet stream: it ended after 0\.[3-8] s$/)]);
  });
});
