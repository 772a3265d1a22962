// `portcullis doctor` without an MCP server: closed ports, bad certificates, web pages, slow and
// endless responses.
import { createServer as createTlsServer, request } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { allChecks } from '../../src/commands/doctor/run-checks.js';
import { DOCTOR_TIMES, doctor } from '../../src/commands/doctor.js';
import { certificate } from '../fixtures/certificate.js';
import { listen, startServer } from '../fixtures/ports.js';
import { linesOf, runAsJson, runDoctor } from './doctor-report.js';
import { captureIo } from './in-process.js';

/** No test can take this port: it is below the ephemeral ports. No service uses it either. */
const CLOSED = 'http://127.0.0.1:9/mcp';

describe('without an MCP server', () => {
  test('a closed port: one check fails, and the text counts the others in one line', async () => {
    const { code, report } = await runAsJson([CLOSED]);
    expect([code, report.ok, linesOf(report, 'fail')]).toEqual([
      1,
      false,
      [expect.stringMatching(/^reachable: POST got no response \(ECONNREFUSED/)],
    ]);
    expect(linesOf(report, 'skipped')).toContain('resource: the server was not reached');
    const { output } = await runDoctor([CLOSED]);
    const skipped = output.split('\n').filter((line) => line.startsWith('skipped'));
    const left = allChecks.length - 1;
    expect(skipped).toEqual([`skipped  ${left} more checks: the server was not reached`]);
    expect(output.split('\n').at(-1)).toBe(`0 ok, 0 warnings, 1 failed, ${left} skipped`);
  });

  describe('a certificate that no authority signed', () => {
    afterAll(() => vi.unstubAllEnvs());
    test.each([undefined, '0'])('NODE_TLS_REJECT_UNAUTHORIZED=%s', async (value) => {
      vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', value);
      const own = certificate({ name: 'self-signed', hosts: ['127.0.0.1'] });
      const server = createTlsServer({ cert: own.cert, key: own.key }, (_req, res) => res.end());
      await listen(server);
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
      // A client that obeys the variable gets a response.
      const accepted = await new Promise<boolean>((resolve) => {
        const outgoing = request(url, { agent: false }, (response) => response.resume().on('end', () => resolve(true)));
        outgoing.on('error', () => resolve(false)).end();
      });
      expect(accepted).toBe(value === '0');
      const { code, report } = await runAsJson([url]);
      server.close();
      expect([code, linesOf(report, 'fail')]).toEqual([1, [expect.stringMatching(/^reachable: .*SELF_SIGNED/)]]);
      expect(report.checks[0]?.fix).toMatch(/^fix the certificate or its chain.*NODE_EXTRA_CA_CERTS=\/path\/ca\.pem/);
    });
  });

  test('a web page at every path', async () => {
    const page = await startServer((_req, res) => res.writeHead(200, { 'content-type': 'text/html' }).end('<p>hello'));
    const { code, report } = await runAsJson([`${page.url}/mcp`]);
    const { output } = await runDoctor([`${page.url}/mcp`]);
    await page.close();
    expect(code).toBe(1);
    expect(linesOf(report, 'fail')).toEqual([
      'MCP server: POST got 200 with an HTML page, and there is no resource metadata: this is not an MCP server',
    ]);
    expect(output).toMatch(/^skipped {2}\d+ more checks: no MCP server was found$/m);
  });

  test('a slow check: its progress goes to standard error, and not with --json', async () => {
    const slow = await startServer((req, res) => {
      setTimeout(() => res.writeHead(404).end(), req.method === 'POST' ? 1_300 : 0);
    });
    const times = { ...DOCTOR_TIMES, progressMs: 1_000 };
    const [text, json] = [captureIo(), captureIo()];
    await Promise.all([doctor([`${slow.url}/mcp`], text, times), doctor([`${slow.url}/mcp`, '--json'], json, times)]);
    await slow.close();
    expect(text.errors).toEqual(['...      reachable: running for 1 s']);
    expect(text.written.filter((line) => line.startsWith('FAIL'))).toHaveLength(1);
    expect(json.errors).toEqual([]);
    expect(DOCTOR_TIMES).toEqual({
      eventMs: 3_000,
      idleMs: 610_000,
      callMs: 30_000,
      longCallMs: 310_000,
      progressMs: 5_000,
    });
  });

  test('a name that DNS does not know', async () => {
    const { code, report } = await runAsJson(['http://nobody.invalid/mcp']);
    expect([code, linesOf(report, 'fail')]).toEqual([
      1,
      [expect.stringMatching(/^reachable: POST got no response \((ENOTFOUND|EAI_AGAIN)/)],
    ]);
    expect(report.checks[0]?.fix).toMatch(/^check the host name in the URL/);
  });

  test('an endless response, and bytes that are not HTTP, take a limited time', async () => {
    const endless = await startServer((_req, res) => {
      res.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => res.write('x'.repeat(1 << 16)), 1);
      res.on('close', () => clearInterval(timer));
    });
    const { code, report } = await runAsJson([`${endless.url}/mcp`]);
    await endless.close();
    expect([code, linesOf(report, 'fail')]).toEqual([
      1,
      expect.arrayContaining(['login required: POST without a token got 200 with application/json']),
    ]);
    const noise = createTcpServer((socket) => socket.on('error', () => {}).end('220 mail.example.com ESMTP\r\n'));
    await listen(noise);
    const other = await runAsJson([`http://127.0.0.1:${(noise.address() as AddressInfo).port}/mcp`]);
    noise.close();
    expect([other.code, linesOf(other.report, 'fail')]).toEqual([
      1,
      [expect.stringMatching(/^reachable: POST got no response \(HPE_/)],
    ]);
  });
});
