#!/bin/sh
# Shows that the MCP client for TypeScript ignores a Bearer challenge behind another challenge.
#
# Software:  @modelcontextprotocol/client 2.4.0
# Observed:  2026-11-29
# Needs:     Node 20.19 or newer, npm, the package registry, `timeout`
#
# An MCP server that also takes Kerberos answers 401 with two challenges, "Negotiate" and "Bearer".
# RFC 9110, section 11.6.1, allows several challenges in any order. RFC 9728, section 5.1, lets a
# challenge name the URL of the resource metadata.
#
# Expected:  the client reads resource_metadata and scope from the Bearer challenge in either order.
# Behaviour: it does so if Bearer is first. If Negotiate is first, it drops both parameters, guesses
#            the metadata, and sends the user to /authorize of the MCP server's own origin. That
#            request has neither scope nor resource.
#
# Exit code 0: the behaviour is as stated; 1: it differs; 2: the packages cannot be installed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 2' INT TERM
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
timeout 180 npm install --silent --ignore-scripts --no-audit --no-fund \
  @modelcontextprotocol/client@2.4.0 || exit 2

cat > run.mjs <<'SCRIPT'
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const METADATA = '/about/tools.json';
const ISSUER = '/tenant';

// Connects a new client to a new server that sends these challenges, and tells where login goes.
async function login(challengesOf) {
  const asked = [];
  let origin;
  const documents = () => ({
    [METADATA]: { resource: `${origin}/mcp`, authorization_servers: [origin + ISSUER] },
    [`/.well-known/oauth-authorization-server${ISSUER}`]: {
      issuer: origin + ISSUER,
      authorization_endpoint: `${origin}${ISSUER}/login`,
      token_endpoint: `${origin}${ISSUER}/token`,
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
    },
  });
  const server = createServer((request, response) => {
    request.resume();
    if (request.url === '/mcp') {
      response.setHeader('WWW-Authenticate', challengesOf(origin));
      response.writeHead(401).end();
      return;
    }
    asked.push(request.url);
    const document = documents()[request.url];
    response.writeHead(document ? 200 : 404, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(document ?? {}));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  origin = `http://127.0.0.1:${server.address().port}`;

  let target = null;
  const redirectUrl = 'http://127.0.0.1/callback';
  const authProvider = {
    redirectUrl,
    clientMetadata: { client_name: 'finding', redirect_uris: [redirectUrl] },
    clientInformation: () => ({ client_id: 'finding' }),
    tokens: () => undefined,
    saveTokens: () => {},
    codeVerifier: () => 'unused',
    saveCodeVerifier: () => {},
    redirectToAuthorization: (url) => {
      target = url;
    },
  };
  const client = new Client({ name: 'finding', version: '1.0.0' });
  const transport = new StreamableHTTPClientTransport(new URL('/mcp', origin), { authProvider });
  // The client always throws here, because the user must log in first.
  await client.connect(transport).catch(() => {});
  server.closeAllConnections();
  server.close();
  return {
    readMetadataOfChallenge: asked.includes(METADATA),
    loginPath: target?.pathname ?? null,
    scope: target?.searchParams.get('scope') ?? null,
    resource: target?.searchParams.get('resource')?.replace(origin, 'ORIGIN') ?? null,
  };
}

setTimeout(() => {
  console.error('no result after 30 s');
  process.exit(1);
}, 30_000).unref();

const installed = 'node_modules/@modelcontextprotocol/client/package.json';
console.log(`@modelcontextprotocol/client ${JSON.parse(readFileSync(installed)).version}`);
console.log('expected (RFC 9110 section 11.6.1, RFC 9728 section 5.1): the same login twice');

const bearer = (origin) => `Bearer resource_metadata="${origin}${METADATA}", scope="tools:read"`;
const bearerFirst = JSON.stringify(await login((origin) => [bearer(origin), 'Negotiate']));
const bearerSecond = JSON.stringify(await login((origin) => ['Negotiate', bearer(origin)]));
console.log(`Bearer, Negotiate: ${bearerFirst}`);
console.log(`Negotiate, Bearer: ${bearerSecond}`);

const asStated =
  bearerFirst ===
    JSON.stringify({
      readMetadataOfChallenge: true,
      loginPath: `${ISSUER}/login`,
      scope: 'tools:read',
      resource: 'ORIGIN/mcp',
    }) &&
  bearerSecond ===
    JSON.stringify({
      readMetadataOfChallenge: false,
      loginPath: '/authorize',
      scope: null,
      resource: null,
    });
console.log(asStated ? 'as stated' : 'differs from the statement');
process.exit(asStated ? 0 : 1);
SCRIPT
timeout 60 node run.mjs || exit 1
