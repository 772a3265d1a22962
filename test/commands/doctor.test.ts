// The doctor on a correct third-party server: its results, the tool that it calls, and where it
// sends the token.
import { describe, expect, test } from 'vitest';
import { createInspection } from '../../src/commands/doctor/inspection.js';
import { allChecks } from '../../src/commands/doctor/run-checks.js';
import { startServer } from '../fixtures/ports.js';
import { hasToken, linesOf, redirect, runDoctor, TARGET } from './run-doctor.js';
import { startThirdPartyServer } from './third-party-server.js';

describe('a correct third-party server', () => {
  test('no check fails, so a planted fault is the only one of its server', async () => {
    const server = await startThirdPartyServer();
    const findings = await runDoctor(server);
    await server.stop();
    expect(linesOf(findings, 'fail')).toEqual([]);
    // Only Codex needs the copy of the metadata.
    expect(linesOf(findings, 'warn')).toEqual([
      'warn authorization server metadata at the origin: GET got 404: Codex treats the server as one without a login',
    ]);
    expect(linesOf(findings, 'skipped').map((line) => line.split(':')[0])).toEqual([
      'skipped Mcp-Param headers',
      'skipped facade metadata',
      'skipped facade registration',
      'skipped facade login page',
      'skipped facade return address',
      'skipped client credentials',
      'skipped call progress',
      'skipped HTTP/2',
      'skipped streams over HTTP/2',
      'skipped idle stream',
    ]);
    expect(findings.length).toBe(allChecks.length);
  });

  test('the doctor calls a read-only tool without arguments, once in each era, and another one only by name', async () => {
    const server = await startThirdPartyServer();
    await runDoctor(server);
    expect(server.called).toEqual(['time', 'time']);
    await runDoctor(server, { tool: 'wipe' });
    expect(server.called.slice(2)).toEqual(['wipe', 'wipe']);
    const findings = await runDoctor(server, { tool: 'nothing' });
    expect(linesOf(findings, 'fail')).toEqual([
      expect.stringMatching(/^fail tool call, modern: the server has no tool nothing: it answered "Tool nothing not found"; /),
      expect.stringMatching(/^fail tool call, legacy: the server has no tool nothing: .* its tools are wipe, read, /),
    ]);
    await server.stop();
  });

  test('the doctor sends the token to the URL alone', async () => {
    const server = await startThirdPartyServer();
    await runDoctor(server);
    const { origin, seen } = server;
    await server.stop();
    expect(seen.filter(({ withToken }) => withToken).length).toBeGreaterThan(5);
    expect(seen.filter(({ where, withToken }) => withToken && !/^(POST|GET|DELETE) server\/mcp$/.test(where))).toEqual([]);
    expect(seen.some(({ where }) => where.includes('issuer/.well-known'))).toBe(true);
    expect(origin).toMatch(/^http:\/\/127/);
  });

  test('the token follows no redirect, and does not travel over http', async () => {
    const arrived: string[] = [];
    const elsewhere = await startServer((req, res) => {
      arrived.push(String(req.url));
      res.end();
    });
    const server = await startThirdPartyServer({
      before: (req, res) => hasToken(req) && redirect(res, `${elsewhere.url}/steal`),
    });
    const findings = await runDoctor(server);
    await Promise.all([server.stop(), elsewhere.close()]);
    expect(linesOf(findings, 'skipped')).toContainEqual(expect.stringContaining(`a redirect to ${elsewhere.url}/steal`));
    expect(arrived).toEqual([]);
    const sendsToken = (url: string) => createInspection({ ...TARGET, url, token: server.token }).sendsToken;
    expect([sendsToken(server.url), sendsToken('http://mcp.example.com/mcp')]).toEqual([true, false]);
  });

  test('the doctor holds an idle stream open for the given time, and reports an early end', async () => {
    const server = await startThirdPartyServer();
    const findings = await runDoctor(server, { idleMs: 600 });
    expect(linesOf(findings, 'ok').filter((line) => line.includes('idle stream'))).toEqual([
      expect.stringMatching(/the stream was open for 0\.[6-9] s/),
    ]);
    await server.stop();
    const cut = await startThirdPartyServer({
      around: (res) => {
        res.setHeader('x-accel-buffering', 'no');
        setTimeout(() => res.destroy(), 300).unref();
      },
    });
    const afterCut = await runDoctor(cut, { idleMs: 900 });
    await cut.stop();
    expect(linesOf(afterCut, 'fail')).toEqual([expect.stringMatching(/^fail idle stream: the stream ended after 0\.[3-8] s$/)]);
  });
});
