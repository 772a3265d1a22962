// The curl commands of README.md, in a real shell: a call of revision 2026-07-28, a conversation of
// a legacy revision, and the 400 of a server that serves only the latter.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OwnServer, startInFrontOf } from '../src/commands/demo/own-server.js';
import { startV1Upstream, type V1Upstream } from './fixtures/upstream-v1.js';
import { startV2Upstream, type V2Upstream } from './fixtures/upstream-v2.js';
import { hasShell, runShell } from './support/printed-commands.js';

const text = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const section = text.slice(text.indexOf('## Call it with curl'), text.indexOf('## Before production'));
const [modern = '', legacy = '', ...more] = [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, body]) => body);

test('the section has the two conversations', () => {
  expect(more).toEqual([]);
  expect(modern).toContain('MCP-Protocol-Version: 2026-07-28');
  expect(legacy).toContain('notifications/initialized');
});

describe.runIf(hasShell)('in a shell', () => {
  let upstreams: { v1: V1Upstream; v2: V2Upstream };
  const own: OwnServer[] = [];
  beforeAll(async () => {
    upstreams = { v1: await startV1Upstream(), v2: await startV2Upstream() };
    own.push(await startInFrontOf(upstreams.v1.url), await startInFrontOf(upstreams.v2.url));
  });
  afterAll(async () => {
    await Promise.all(own.map(({ stop }) => stop()));
    await Promise.all([upstreams.v1.stop(), upstreams.v2.stop()]);
  });

  async function paste(at: number, commands: string): Promise<string> {
    const { url, idp } = own[at] as OwnServer;
    const token = await idp.token({ resource: url, scope: 'demo:use' });
    return (await runShell(`export URL=${url} TOKEN=${token}\n${commands}`)).output;
  }

  test('the call of 2026-07-28 returns the text of the tool', async () => {
    expect(await paste(1, modern)).toContain('"text":"hello"');
  });

  test('a server of SDK 1.x answers the same call with the 400 of the text', async () => {
    const answer = await paste(0, `${modern.trim()} -w ' %{http_code}'`);
    expect(answer).toMatch(/ 400$/);
    const shown = ['Server not initialized', 'Missing session ID', 'No valid session ID'];
    expect(shown.filter((message) => answer.includes(message))).toHaveLength(1);
    for (const message of shown) expect(section).toContain(`"${message}"`);
  });

  test.each([
    ['with sessions', 0],
    ['without sessions', 1],
  ])('the legacy conversation lists the tools of a server %s', async (_name, at) => {
    const output = await paste(at, legacy);
    expect(output).toContain('"name":"echo"');
    expect(output).not.toContain('error');
  });
});
