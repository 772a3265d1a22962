// Acts as clients, in the network of the containers: a login and a call, a reload, and calls that
// run while the gateway stops.
//
// Usage: node inside.mjs PID CONFIG-FILE, where PID is the process of the gateway.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { call, getJson, logIn } from '../../../compiled/commands/demo/client.js';
import { until } from '../../../test/fixtures/wait.js';

const RESOURCE = 'http://127.0.0.1:8080/mcp';
const SLOW_PORT = 3100;
const SLOW_MS = 3_000;
const RUNNING = 20;

const [pid, file] = [Number(process.argv[2]), process.argv[3]];
function expect(condition, claim) {
  if (!condition) throw new Error(`not so: ${claim}`);
  console.log(`  ${claim}`);
}

const rejected = await call(RESOURCE, null, 'tools/list');
expect(
  rejected.status === 401 && rejected.challenge?.includes('resource_metadata='),
  '401 and a challenge without a token',
);
const url = /resource_metadata="([^"]+)"/.exec(rejected.challenge)[1];
const { authorization_servers: issuers } = await getJson(url);
const metadata = await getJson(`${issuers[0]}/.well-known/oauth-authorization-server`);
const token = await logIn(metadata, RESOURCE, 'demo:use');
const add = () =>
  call(RESOURCE, `Bearer ${token}`, 'tools/call', { name: 'add', arguments: { a: 20, b: 22 } });
const first = await add();
expect(
  first.status === 200 && first.message.result.content[0].text === '42',
  'a client logs in and calls a tool',
);
for (let i = 0; i < 100; i++) await add();

// Another server, which needs 3 s for each call.
const slow = createServer(async (req, res) => {
  const { id } = JSON.parse(await text(req));
  await sleep(SLOW_MS);
  const result = { resultType: 'complete', content: [{ type: 'text', text: 'slow' }] };
  res.writeHead(200, { 'content-type': 'application/json' });
  res.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
});
await new Promise((resolve) => slow.listen(SLOW_PORT, '127.0.0.1', resolve));
// In place: the container has the file itself mounted.
writeFileSync(file, readFileSync(file, 'utf8').replace(':3000/', `:${SLOW_PORT}/`));
process.kill(pid, 'SIGHUP');
await until(
  'the reload counts',
  async () => (await add()).message.result?.content?.[0]?.text === 'slow',
  30_000,
);
expect(true, 'SIGHUP reloads the mounted configuration');

const calls = Array.from({ length: RUNNING }, add);
await sleep(1_000);
process.kill(pid, 'SIGTERM');
const answers = await Promise.allSettled(calls);
const lost = answers.filter(({ value }) => value?.status !== 200).length;
expect(lost === 0, `SIGTERM while ${RUNNING} calls run: ${lost} lost`);
slow.close();
slow.closeAllConnections();
