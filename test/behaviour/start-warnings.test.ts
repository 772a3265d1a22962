// A real gateway warns once of settings that are rarely meant, and logs the issuer of a token that
// differs from its own only in a slash.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { modern } from '../fixtures/messages.js';
import { type Scene, startConfigured, startScene } from '../fixtures/scene.js';

const RESOURCE = 'https://mcp.example.com/mcp/';

let usual: Scene;
let slash: Scene;
beforeAll(async () => {
  [usual, slash] = await Promise.all([startScene(), startScene({ endpoint: { resource: RESOURCE } })]);
});
afterAll(async () => {
  await Promise.all([usual.stop(), slash.stop()]);
});

const warnings = ({ gateway }: Scene): unknown[] => gateway.logs().filter(({ event }) => String(event).startsWith('config.'));

test('one line for each such setting, with the value to write, and none for a usual configuration', () => {
  expect(warnings(usual)).toEqual([]);
  expect(warnings(slash)).toMatchObject([
    {
      level: 'warn',
      event: 'config.resource_slash',
      endpoint: '/mcp',
      detail: expect.stringContaining('write resource: https://mcp.example.com/mcp'),
    },
  ]);
});

test('a key of the file that is past its sunset is one warning', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-sunsets-'));
  const apiKeysFile = join(folder, 'keys.jsonl');
  await writeFile(apiKeysFile, JSON.stringify({ name: 'over', sha256: 'ab'.repeat(32), sunset: '2020-01-01' }));
  const endpoint = { path: '/mcp', apiKeys: [{ header: 'X-Api-Key' }], upstream: 'http://127.0.0.1:9/mcp' };
  const gateway = await startConfigured({ apiKeysFile, endpoints: [endpoint] });
  expect(gateway.logs().filter(({ event }) => event === 'config.key_past_sunset')).toMatchObject([
    { level: 'warn', detail: expect.stringMatching(/: over$/) },
  ]);
  await gateway.stop();
  await rm(folder, { recursive: true });
});

test.each([
  ['/', 'the slash at the end'],
  ['/v2.0', '/v2.0 at the end'],
])('an iss with %s too many: the log has it, and the part that differs', async (ending, part) => {
  const iss = usual.issuer.issuer + ending;
  const response = await usual.send(modern('tools/list', { token: usual.token({ claims: { iss } }) }));
  expect([response.status, await usual.logOf(response)]).toMatchObject([
    401,
    {
      reason: 'token.issuer',
      detail: `iss "${iss}" is not an issuer of this endpoint; it differs from "${usual.issuer.issuer}" only in ${part}`,
    },
  ]);
});

test('a long iss is cut in the log', async () => {
  const iss = `${usual.issuer.issuer}/${'a'.repeat(900)}"`;
  const response = await usual.send(modern('tools/list', { token: usual.token({ claims: { iss } }) }));
  const { detail } = (await usual.logOf(response)) as { detail: string };
  expect(detail).toContain(JSON.stringify(iss.slice(0, 200)));
  expect(detail).not.toContain('a'.repeat(200));
});
