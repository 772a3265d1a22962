// Builds the commands that the demo prints for another terminal.
import { forgeSignature } from './forge.js';
import { SCOPE, type Services } from './services.js';
import { LEGACY_TOKEN } from './upstream.js';

const LIST_TOOLS = `'{"jsonrpc":"2.0","id":1,"method":"tools/list"}'`;

const curl = (url: string, authorization: string): string =>
  [
    `curl -s ${url}`,
    `-H 'Authorization: ${authorization}'`,
    `-H 'Content-Type: application/json'`,
    `-H 'Accept: application/json, text/event-stream'`,
    `-d ${LIST_TOOLS}`,
  ].join(' ');

const inspector = (url: string, token: string): string =>
  [
    `npx @modelcontextprotocol/inspector@2.12.0 --cli ${url}`,
    '--transport http --method tools/list',
    `--header 'Authorization: Bearer ${token}'`,
  ].join(' ');

/** The tokens in the commands are valid for an hour. */
export async function commandsToPaste({
  files,
  notes,
  idp,
  upstream,
  adminUrl,
}: Services): Promise<string> {
  const jwt = await idp.token({ resource: files, scope: SCOPE });
  const opaque = await idp.token({ resource: notes, scope: SCOPE });
  const environment = [
    `PORTCULLIS_PUBLIC_URL=${files}`,
    `PORTCULLIS_ISSUER=${idp.issuer}`,
    `PORTCULLIS_UPSTREAM=${upstream.url}`,
    `PORTCULLIS_SCOPES=${SCOPE}`,
  ].join(' ');
  return `
Paste these commands into another terminal:

# without a token: 401 and the challenge
curl -si ${files} -d '{}'

# a JWT
${curl(files, `Bearer ${jwt}`)}

# an opaque token
${curl(notes, `Bearer ${opaque}`)}

# an older client with a credential of the MCP server
${curl(files, `Token ${LEGACY_TOKEN}`)}

# MCP Inspector 2.12.0, for Node 22.19 or later.
# Without the version npx on Node 20 runs an old one.
${inspector(files, jwt)}

# portcullis doctor: the problems that a client would have
PORTCULLIS_TOKEN=${jwt} node dist/main.js doctor ${files} --tool whoami

# portcullis explain: why the token passes, and why it does not with a forged signature
export ${environment}
PORTCULLIS_TOKEN=${jwt} node dist/main.js explain
PORTCULLIS_TOKEN=${forgeSignature(jwt)} node dist/main.js explain

# metrics
curl -s ${adminUrl}/metrics

Ctrl-C ends the demo.`;
}
