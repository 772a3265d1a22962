// The demo in front of the operator's own MCP server, over real sockets: servers of SDK 1.x and
// 2.x, logins of real clients, and the printed commands.
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Contact, isContact, makeContact } from '../../src/commands/demo/first-contact.js';
import { type OwnServer, ownCommands, ownSteps, startInFrontOf } from '../../src/commands/demo/own-server.js';
import { runSteps } from '../../src/commands/demo/tour.js';
import { startV1Upstream } from '../fixtures/upstream-v1.js';
import { startV2Upstream } from '../fixtures/upstream-v2.js';
import { blockOf, exportLine, hasShell, runShell } from '../support/printed-commands.js';
import { bound, type Kept } from '../support/sdk-login.js';
import { run } from './in-process.js';

const info = { name: 'test', version: '0.0.0' };

describe.each([
  ['SDK 1.x', startV1Upstream, 'upstream-v1 1.0.0, revision 2025-11-25 with a session, tools: echo, big, slow'],
  ['SDK 2.x', startV2Upstream, 'upstream-v2 1.0.0, revision 2026-07-28, tools: echo, big, era, slow'],
])('a server of %s', (_name, startUpstream, line) => {
  let upstream: Awaited<ReturnType<typeof startV1Upstream | typeof startV2Upstream>>;
  let own: OwnServer;
  let printed = '';
  const written: string[] = [];
  beforeAll(async () => {
    upstream = await startUpstream();
    own = await startInFrontOf(upstream.url);
    const direct = await makeContact(upstream.url);
    if (!isContact(direct)) throw new Error(JSON.stringify(direct));
    const known = { token: '' };
    const succeeded = await runSteps(ownSteps(own, direct, known), (text) => void written.push(text), true);
    if (!succeeded) throw new Error(written.join('\n'));
    printed = ownCommands(own, direct, known, null);
  });
  afterAll(async () => {
    await own.stop();
    await upstream.stop();
  });

  test('the command names the server, its revision and its tools, and ends with exit code 0', async () => {
    const { code, output, errors } = await run(['demo', '--upstream', upstream.url, '--once']);
    expect([code, errors]).toEqual([0, '']);
    expect(output.split(line)).toHaveLength(3);
    expect(output).toContain(`    upstream: "${upstream.url}"`);
    expect(output).toMatch(/log: \{.*"reason":"ok".*"tools\/list".*\}/);
  });

  test('the token is for the endpoint of this server alone', () => {
    const [, token = ''] = / TOKEN=(\S+)/.exec(exportLine(printed)) ?? [];
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    expect(claims).toMatchObject({ iss: own.idp.issuer, aud: own.url, sub: 'alice', scope: 'demo:use' });
    expect(printed.split(token)).toHaveLength(2);
  });

  test('the gateway sends the server no token', () => {
    expect(upstream.seen.length).toBeGreaterThan(3);
    expect(upstream.seen.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
  });

  test.runIf(hasShell)('the printed commands list its tools', async () => {
    const { output } = await runShell(`${exportLine(printed)}\n${blockOf(printed, 'the tools of your server')}`);
    expect(output).toContain('"name":"echo"');
  });

  test('the doctor finds no fault', async () => {
    const [, token = ''] = / TOKEN=(\S+)/.exec(exportLine(printed)) ?? [];
    const { code, output } = await run(['doctor', own.url], { env: { PORTCULLIS_TOKEN: token } });
    expect([code, output]).toEqual([0, expect.stringContaining(' 0 failed')]);
  });

  test('a client of SDK 1.x logs in at the demo and calls a tool', async () => {
    const kept: Kept = { logins: 0 };
    const open = () => new TransportV1(new URL(own.url), { authProvider: bound(kept) });
    const first = open();
    await expect(new ClientV1(info).connect(first)).rejects.toThrow('Unauthorized');
    await first.finishAuth(kept.code ?? '');
    const client = new ClientV1(info);
    await client.connect(open());
    const { content } = await client.callTool({ name: 'echo', arguments: { text: 'hello' } });
    expect([kept.logins, content]).toEqual([1, [{ type: 'text', text: 'hello' }]]);
    await client.close();
  });

  test('a client of SDK 2.x logs in at the demo and calls a tool', async () => {
    const kept: Kept = { logins: 0 };
    const open = () => new TransportV2(new URL(own.url), { authProvider: bound(kept) as never });
    const first = open();
    await expect(new ClientV2(info).connect(first)).rejects.toThrow();
    await first.finishAuth(kept.callback ?? new URLSearchParams());
    const client = new ClientV2(info);
    await client.connect(open());
    const { content } = await client.callTool({ name: 'echo', arguments: { text: 'hello' } });
    expect([kept.logins, content]).toEqual([1, [{ type: 'text', text: 'hello' }]]);
    await client.close();
  });
});

test('a server that stops after the first contact: the step fails, with the line of the log', async () => {
  const upstream = await startV1Upstream();
  const direct = await makeContact(upstream.url);
  const own = await startInFrontOf(upstream.url);
  await upstream.stop();
  const written: string[] = [];
  const steps = ownSteps(own, direct as Contact, { token: '' });
  expect(await runSteps(steps, (text) => void written.push(text), true)).toBe(false);
  const output = written.join('\n');
  expect(output).toContain('FAILED 3. With the token');
  expect(output).toMatch(/status 502, application\/json: .*"code":-31502/);
  expect(output).toMatch(/log: \{.*"reason":"upstream\.[a-z]+".*\}/);
  expect(output).toContain('1 of 3 steps failed.');
  await own.stop();
});
