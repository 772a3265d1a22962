// Builds the commands that the demo prints for another terminal. They share the variables that the
// first command exports.
import { JWT_TARGET, legacyCurls, modernCurl } from './curl-commands.js';
import { SCOPE, type Services } from './services.js';
import { LEGACY_TOKEN } from './upstream.js';

export const INSPECTOR = `\
# MCP Inspector 2.12.0, for Node 22.19 or later.
# Without the version npx on Node 20 runs an old one.
npx @modelcontextprotocol/inspector@2.12.0 --cli "$URL" \\
  --transport http --method tools/list --header "Authorization: Bearer $TOKEN"`;

/** The variables of a gateway with one endpoint, for `portcullis explain` without a file. */
export const explainCommands = (issuer: string, upstream: string): string => `\
# explain: why the token passes, and why it does not with a forged signature
export PORTCULLIS_PUBLIC_URL=$URL PORTCULLIS_ISSUER=${issuer} \\
  PORTCULLIS_UPSTREAM=${upstream} PORTCULLIS_SCOPES=${SCOPE}
PORTCULLIS_TOKEN=$TOKEN portcullis explain
PORTCULLIS_TOKEN=\${TOKEN%????}AAAA portcullis explain`;

/** The first line. `folder`: where the commands work; null: everywhere. */
export const pasteLine = (folder: string | null): string =>
  `Paste these commands into another terminal${folder === null ? '' : `, in the folder ${folder}`}.\n` +
  'Begin with the variables:';

/** The tokens in the commands are valid for an hour. `folder`: as in `pasteLine`. */
export async function commandsToPaste(
  { files, notes, idp, upstream, adminUrl }: Services,
  folder: string | null,
): Promise<string> {
  const jwt = await idp.token({ resource: files, scope: SCOPE });
  const opaque = await idp.token({ resource: notes, scope: SCOPE });
  return `
${pasteLine(folder)}

export URL=${files} TOKEN=${jwt}

# without a token: 401 and the challenge
curl -sSi "$URL" -d '{}'

# a JWT: a call of revision 2026-07-28
${modernCurl(JWT_TARGET, 'tools/call', { name: 'add', arguments: { a: 20, b: 22 } })}

# the same token in a legacy revision: initialize, its notification, a request
${legacyCurls(JWT_TARGET, '2025-11-25', 'tools/list')}

# an opaque token, at the endpoint of such tokens
${modernCurl({ url: notes, authorization: `Bearer ${opaque}` }, 'tools/list')}

# an older client with a credential of the MCP server
${modernCurl({ url: '$URL', authorization: `Token ${LEGACY_TOKEN}` }, 'tools/list')}

${INSPECTOR}

# the doctor: the problems that a client would have
PORTCULLIS_TOKEN=$TOKEN portcullis doctor "$URL" --tool whoami

${explainCommands(idp.issuer, upstream.url)}

# metrics
curl -sS ${adminUrl}/metrics

Ctrl-C ends the demo. To put the gateway in front of your own MCP server:
portcullis demo --upstream http://127.0.0.1:3000/mcp`;
}
