// Puts the gateway in front of the operator's own MCP server, with the identity provider of the
// demo. The login is real, and the token is for this endpoint.
import { createPrintable } from '../printable.js';
import { call, getJson, logIn } from './client.js';
import { explainCommands, INSPECTOR, pasteLine } from './commands-to-paste.js';
import { JWT_TARGET, legacyCurls, modernCurl } from './curl-commands.js';
import { type DemoGateway, startDemoGateway } from './demo-gateway.js';
import { type Contact, isContact, makeContact } from './first-contact.js';
import { type Idp, startIdp } from './idp.js';
import { noContactLines } from './no-contact.js';
import { SCOPE } from './services.js';
import type { Step } from './tour.js';

export interface OwnServer {
  readonly gateway: DemoGateway;
  readonly idp: Idp;
  readonly upstream: string;
  /** The endpoint at the gateway. */
  readonly url: string;
  stop(): Promise<void>;
}

const yamlFor = (port: number, issuer: string, upstream: string): string => `\
publicUrl: http://127.0.0.1:${port}
listen: { port: ${port} }
admin: { port: 0 } # a free one
issuers:
  demo:
    issuer: ${issuer}
endpoints:
  - path: /mcp
    issuers: [demo]
    upstream: ${JSON.stringify(upstream)}
    scopes: ["${SCOPE}"]`;

export async function startInFrontOf(upstream: string, port?: number): Promise<OwnServer> {
  const idp = await startIdp({ scopes: [SCOPE], tokenTtl: 3600 });
  const gateway = await startDemoGateway(
    (own) => yamlFor(own, idp.issuer, upstream),
    {},
    port,
  ).catch(async (error: unknown) => {
    await idp.stop();
    throw error;
  });
  const url = `${gateway.config.publicUrl}/mcp`;
  idp.addResource(url, 'jwt');
  return {
    gateway,
    idp,
    upstream,
    url,
    async stop() {
      await gateway.stop();
      await idp.stop();
    },
  };
}

export const contactLine = ({ server, revision, hasSession, tools }: Contact): string =>
  createPrintable(null).text(
    `${server}, revision ${revision}${hasSession ? ' with a session' : ''}, ` +
      (tools.length === 0 ? 'no tools' : `tools: ${tools.join(', ')}`),
  );

/** The token is set by the third step. */
export interface OwnKnowledge {
  token: string;
}

/** The steps through the gateway. `direct`: how the server answers without it. */
export const ownSteps = (
  { url, gateway }: OwnServer,
  direct: Contact,
  known: OwnKnowledge,
): readonly Step[] => [
  {
    title: 'A client calls your server without a token. The gateway rejects the call.',
    async run() {
      const { status, challenge } = await call(url, null, 'tools/list');
      return {
        succeeded: status === 401 && challenge !== null,
        lines: [`status ${status}`, `WWW-Authenticate: ${challenge}`],
      };
    },
  },
  {
    title: 'The client finds the identity provider, registers, logs in, and gets a token.',
    async run() {
      const path = new URL(url).pathname;
      const metadata = await getJson(
        `${gateway.config.publicUrl}/.well-known/oauth-protected-resource${path}`,
      );
      const [issuer] = metadata.authorization_servers as string[];
      const server = await getJson(`${issuer}/.well-known/oauth-authorization-server`);
      known.token = await logIn(server, url, SCOPE);
      const claims = Buffer.from(known.token.split('.')[1] ?? '', 'base64url').toString();
      return { succeeded: claims.includes(url), lines: ['a JWT with these claims:', claims] };
    },
  },
  {
    title: 'With the token, the client gets the same tools of your server as without the gateway.',
    async run() {
      const contact = await makeContact(url, `Bearer ${known.token}`);
      if (!isContact(contact)) {
        const [observed = ''] = noContactLines(new URL(url), contact);
        return {
          succeeded: false,
          lines: [observed, `log: ${await gateway.lastLine('requestId')}`],
        };
      }
      const log = `log: ${await gateway.lastLine('tools/list')}`;
      const isSame =
        contact.revision === direct.revision && String(contact.tools) === String(direct.tools);
      return { succeeded: isSame, lines: [contactLine(contact), log] };
    },
  },
];

/**
 * The commands that the demo prints for another terminal. The token is valid for an hour. `folder`:
 * where the commands work; null: everywhere.
 */
export function ownCommands(
  { url, idp, upstream }: OwnServer,
  { revision, hasSession }: Contact,
  { token }: OwnKnowledge,
  folder: string | null,
): string {
  const list =
    revision === '2026-07-28'
      ? modernCurl(JWT_TARGET, 'tools/list')
      : legacyCurls(JWT_TARGET, revision, 'tools/list');
  const tellsSession = hasSession
    ? '\n# Without a session your server answers 400, such as "Server not initialized".'
    : '';
  return `
${pasteLine(folder)}

export URL=${url} TOKEN=${token}

# the tools of your server, in revision ${revision}${tellsSession}
${list}

# Claude Code. Then enter /mcp and select Authenticate: the demo logs you in without a form.
claude mcp add --transport http portcullis-demo "$URL"

${INSPECTOR}

# the doctor: the problems that a client would have; --tool NAME calls a tool
PORTCULLIS_TOKEN=$TOKEN portcullis doctor "$URL"

${explainCommands(idp.issuer, `'${upstream.replaceAll("'", '%27')}'`)}

Ctrl-C ends the demo.`;
}
