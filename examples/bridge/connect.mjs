// Connects as a client that knows only a URL, a client id and a client secret. It finds the
// authorization server, gets a token by the grant `client_credentials`, and calls a tool. Prints
// each step, without the secret and the token.
//
//   CLIENT_SECRET=KEY node connect.mjs URL CLIENT_ID
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const [url, clientId] = process.argv.slice(2);
const { CLIENT_SECRET: secret } = process.env;
const load = (place, options) =>
  fetch(place, { ...options, signal: AbortSignal.timeout(10_000), redirect: 'error' });

const first = await load(url, { method: 'POST', body: '{}' });
const challenge = first.headers.get('www-authenticate') ?? '';
const place = /resource_metadata="([^"]*)"/.exec(challenge)?.[1];
console.log(`  1. POST without a token: ${first.status}, the metadata is at ${place}`);

const resource = await (await load(place)).json();
const [issuer] = resource.authorization_servers;
console.log(`  2. The metadata names the authorization server ${issuer}`);

// RFC 8414 section 3.1: the well-known name comes before the path of the issuer.
const { origin, pathname } = new URL(issuer);
const server = await (
  await load(`${origin}/.well-known/oauth-authorization-server${pathname}`)
).json();
console.log(`  3. Its token endpoint is ${server.token_endpoint}`);

const form = { grant_type: 'client_credentials', resource: resource.resource };
const answer = await load(server.token_endpoint, {
  method: 'POST',
  body: new URLSearchParams({ ...form, client_id: clientId, client_secret: secret }),
});
const token = await answer.json();
if (!answer.ok) {
  console.log(`  4. There it gets ${answer.status} ${token.error}`);
  process.exit(1);
}
console.log(`  4. There it gets a token for ${token.expires_in} seconds (scope: ${token.scope})`);

console.log('  5. With the token it calls a tool:');
const call = fileURLToPath(new URL('../lib/call.mjs', import.meta.url));
const CREDENTIAL = `Authorization: Bearer ${token.access_token}`;
const env = { ...process.env, CREDENTIAL };
const { status } = spawnSync(process.execPath, [call, url, 'read_file'], { env, stdio: 'inherit' });
process.exitCode = status ?? 1;
