// The doctor on a server with TLS: it compares HTTP/2 with HTTP/1.1, and opens streams over both.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { certificate } from '../fixtures/certificate.js';
import { spawnNode } from '../fixtures/child.js';
import { type FrontFaults, startFront } from '../fixtures/front.js';
import { withDeadline } from '../fixtures/wait.js';
import { type Fault, startThirdPartyServer } from './third-party-server.js';

const DOCTOR = new URL('../../compiled/commands/doctor/', import.meta.url).href;
const WANTED = ['reachable', 'authorization server metadata', 'HTTP/2', 'streams over HTTP/2'];
/** Runs the wanted checks alone. */
const SCRIPT = `
  const { allChecks } = await import('${DOCTOR}run-checks.js');
  const { createInspection } = await import('${DOCTOR}inspection.js');
  const { URL: url, TOKEN: token } = process.env;
  const target = { url, token, tool: null, origin: 'http://localhost:6274', idleMs: null, eventMs: 1500 };
  const inspection = createInspection(target);
  for (const name of ${JSON.stringify(WANTED)}) {
    const { result, observed } = await allChecks.find((check) => check.name === name).probe(inspection);
    console.log(JSON.stringify([name, result + ': ' + observed]));
  }
  process.exit(0);
`;

const authority = certificate({ name: 'authority of the doctor', authority: true });
const own = certificate({ name: 'front', hosts: ['127.0.0.1'], by: authority });
const folder = mkdtempSync(join(tmpdir(), 'doctor-http2-'));
// Node reads this variable only at its start.
const NODE_EXTRA_CA_CERTS = join(folder, 'authority.pem');
writeFileSync(NODE_EXTRA_CA_CERTS, authority.cert);
afterAll(() => rmSync(folder, { recursive: true }));

/** The results of these checks. */
async function overTls(faults: FrontFaults, fault: Fault = {}, http1Only = false): Promise<Record<string, string>> {
  let local = '';
  const front = await startFront(() => local, faults, { cert: own.cert, key: own.key, http1Only });
  const server = await startThirdPartyServer(fault, front.url);
  local = server.local;
  const env = { URL: server.url, TOKEN: server.token, NODE_EXTRA_CA_CERTS };
  const child = spawnNode(['--input-type=module', '-e', SCRIPT], env);
  await withDeadline('the checks end', child.exited, 15_000);
  await Promise.all([front.stop(), server.stop()]);
  return Object.fromEntries(child.lines.map((line) => JSON.parse(line) as [string, string]));
}

/** The server is on loopback with https, and its issuer with http. */
const ISSUER_FOUND = expect.stringMatching(/^ok: found for http:\/\/127\.0\.0\.1:\d+$/);

describe('a server with HTTP/2', () => {
  test('gives the same answers and streams', async () => {
    expect(await overTls({})).toEqual({
      reachable: 'ok: POST got 401',
      'authorization server metadata': ISSUER_FOUND,
      'HTTP/2': 'ok: POST without a token got 401 with application/json over both versions',
      'streams over HTTP/2': expect.stringMatching(/^ok: the acknowledgement arrived after \d+ ms, with the stream open$/),
    });
  });

  test('a challenge that is lost over HTTP/2 alone', async () => {
    const fault: Fault = (good) => ({ challenge: (parts) => (parts.req.headers['x-h2'] ? [] : good.challenge(parts)) });
    expect((await overTls({ marksHttp2: true }, fault))['HTTP/2']).toMatch(
      /^fail: POST without a token got 401 .* and Bearer resource_metadata=.*; over HTTP\/2 401 with application\/json$/,
    );
  });

  test('a session whose server still holds an earlier stream: the check is skipped', async () => {
    const held: Fault = {
      before: (req, res) => {
        if (req.url !== '/mcp' || !String(req.headers.authorization).includes('eyJ')) return false;
        if (req.method !== 'GET') return false;
        res.writeHead(409, { 'content-type': 'application/json' }).end('{}');
        return true;
      },
    };
    const { 'streams over HTTP/2': seen } = await overTls({}, held);
    expect(seen).not.toMatch(/^fail/);
  });

  test('the head of a quiet stream that waits for a byte of the body', async () => {
    const quiet: Fault = {
      before: (req, res) => {
        if (req.method !== 'GET' || req.url !== '/mcp' || !String(req.headers.authorization).includes('eyJ')) return false;
        res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
        return true;
      },
    };
    expect((await overTls({ holdsHead: true }, quiet))['streams over HTTP/2']).toBe('fail: no headers arrived within 1.5 s');
    expect((await overTls({}, quiet))['streams over HTTP/2']).toMatch(/^ok: /);
  });
});

test('a server without HTTP/2: there is nothing to compare', async () => {
  const skipped = 'skipped: the server does not offer HTTP/2';
  expect(await overTls({}, {}, true)).toEqual({
    reachable: 'ok: POST got 401',
    'authorization server metadata': ISSUER_FOUND,
    'HTTP/2': skipped,
    'streams over HTTP/2': skipped,
  });
});
