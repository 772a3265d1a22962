// Runs one service of compose.yaml: the identity provider or the MCP server of the demo. Also acts
// as a client that logs in and calls a tool.
//
//   node services.mjs idp | server | check URL | call
import { call, getJson, logIn } from '../../compiled/commands/demo/client.js';
import { startIdp } from '../../compiled/commands/demo/idp.js';
import { startDemoUpstream } from '../../compiled/commands/demo/upstream.js';

/** The same URLs for clients, the gateway and both services: compose.yaml publishes the ports. */
const GATEWAY = 'http://127.0.0.1:8080';
const RESOURCE = `${GATEWAY}/mcp`;
const SCOPE = 'demo:use';
const IDP_PORT = 9400;
const SERVER_PORT = 3000;
const CHECK_MS = 3_000;

/** As process 1 of its container, Node ends at a signal only with a listener for it. */
async function untilStopped(service) {
  await new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, resolve);
  });
  await service.stop();
}

/** It logs in each user without a form, so compose.yaml publishes it on loopback alone. */
async function idp() {
  const options = { scopes: [SCOPE], jwtResources: [RESOURCE], tokenTtl: 3600 };
  const service = await startIdp({ ...options, port: IDP_PORT, host: '0.0.0.0' });
  console.log(`the identity provider is ${service.issuer}`);
  await untilStopped(service);
}

async function server() {
  const service = await startDemoUpstream(SERVER_PORT);
  console.log(`the MCP server is ${service.url}`);
  await untilStopped(service);
}

/** Any answer will do. */
async function check(url) {
  const response = await fetch(url, { signal: AbortSignal.timeout(CHECK_MS) });
  await response.body?.cancel();
}

/** The login of an MCP client, from the challenge of the gateway to the result of a tool. */
async function callTool() {
  const rejected = await call(RESOURCE, null, 'tools/list');
  console.log(`without a token: ${rejected.status} ${rejected.challenge}`);
  const location = /resource_metadata="([^"]+)"/.exec(rejected.challenge ?? '')?.[1];
  if (location === undefined) throw new Error('the challenge names no metadata');
  const { authorization_servers: issuers } = await getJson(location);
  const metadata = await getJson(`${issuers[0]}/.well-known/oauth-authorization-server`);
  const token = await logIn(metadata, RESOURCE, SCOPE);
  const params = { name: 'add', arguments: { a: 20, b: 22 } };
  const { status, message } = await call(RESOURCE, `Bearer ${token}`, 'tools/call', params);
  const text = message.result?.content?.[0]?.text;
  console.log(`with a token from ${issuers[0]}: ${status}, 20 + 22 = ${text}`);
  if (status !== 200 || text !== '42') process.exitCode = 1;
}

const commands = { idp, server, check, call: callTool };
const [name, argument] = process.argv.slice(2);
const command = Object.hasOwn(commands, name ?? '') ? commands[name] : null;
if (command === null) {
  console.error('Write one of: idp, server, check URL, call');
  process.exitCode = 2;
} else {
  await command(argument);
}
