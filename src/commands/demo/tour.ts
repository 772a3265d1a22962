// The tour: what a client meets, step by step, and whether each step was right.
import { audienceMismatch, tokenSignature } from '../../core/failures.js';
import { examine } from '../doctor/examine.js';
import { INSPECTOR, lineOf, summary } from '../doctor.js';
import { createPrintable } from '../printable.js';
import { type Answer, call, getJson, logIn } from './client.js';
import { type Parts, SCOPE } from './parts.js';
import { LEGACY_TOKEN } from './upstream.js';

/** What a step learned for the next ones. */
interface Knowledge {
  metadataUrl: string;
  authorizationServer: string;
  jwt: string;
  opaque: string;
}

interface Step {
  readonly title: string;
  /** What happened, line by line, and whether it should have. */
  readonly run: (
    parts: Parts,
    known: Knowledge,
  ) => Promise<{ readonly right: boolean; readonly lines: readonly string[] }>;
}

const callTool = (
  url: string,
  authorization: string | null,
  name: string,
  args: Record<string, unknown> = {},
): Promise<Answer> => call(url, authorization, 'tools/call', { name, arguments: args });

/** The text that a tool answered. */
function textOf({ message }: Answer): string {
  const { content } = (message.result ?? {}) as { content?: readonly { text?: string }[] };
  return content?.[0]?.text ?? '';
}

const refusal = ({ status, message }: Answer, reason: string | undefined): string =>
  `${status} "${message.error?.message}", and the log says why: ${reason}`;

/** Another first letter of the signature: the same token, no longer signed. */
const spoil = (token: string): string => {
  const [head, claims, signature = ''] = token.split('.');
  return `${head}.${claims}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
};

const steps: readonly Step[] = [
  {
    title: 'A call without a token',
    async run({ files }, known) {
      const answer = await callTool(files, null, 'echo', { text: 'hello' });
      known.metadataUrl = /resource_metadata="([^"]+)"/.exec(answer.challenge ?? '')?.[1] ?? '';
      const right =
        answer.status === 401 && known.metadataUrl !== '' && !answer.challenge?.includes('error=');
      return { right, lines: [String(answer.status), `WWW-Authenticate: ${answer.challenge}`] };
    },
  },
  {
    title: 'The metadata that the challenge points to',
    async run({ files, idp }, known) {
      const metadata = await getJson(known.metadataUrl);
      known.authorizationServer = String((metadata.authorization_servers as string[])[0]);
      return {
        right: metadata.resource === files && known.authorizationServer === idp.issuer,
        lines: [JSON.stringify(metadata)],
      };
    },
  },
  {
    title: 'Registration and login (PKCE) at that identity provider',
    async run({ files }, known) {
      const metadata = await getJson(
        `${known.authorizationServer}/.well-known/oauth-authorization-server`,
      );
      known.jwt = await logIn(metadata, files, SCOPE);
      const claims = Buffer.from(known.jwt.split('.')[1] ?? '', 'base64url').toString();
      return {
        right: claims.includes(files),
        lines: [`a JWT of ${known.jwt.length} characters`, claims],
      };
    },
  },
  {
    title: 'Tools listed with it',
    async run({ files }, known) {
      const { status, message } = await call(files, `Bearer ${known.jwt}`, 'tools/list');
      const tools = ((message.result as { tools?: { name: string }[] })?.tools ?? []).map(
        (tool) => tool.name,
      );
      return {
        right: status === 200 && tools.includes('echo'),
        lines: [`${status} ${tools.join(', ')}`],
      };
    },
  },
  {
    title: 'A tool called; it tells which credential reached the MCP server',
    async run({ files }, known) {
      const answer = await callTool(files, `Bearer ${known.jwt}`, 'whoami');
      return {
        right: answer.status === 200 && textOf(answer).includes('"authorization":"none"'),
        lines: [`${answer.status} ${textOf(answer)}`],
      };
    },
  },
  {
    title: 'The same token with another signature',
    async run({ files, lastReason, upstream }, known) {
      const before = upstream.seen.length;
      const answer = await callTool(files, `Bearer ${spoil(known.jwt)}`, 'whoami');
      const right =
        answer.status === 401 &&
        lastReason() === tokenSignature.definition.reason &&
        upstream.seen.length === before;
      return { right, lines: [refusal(answer, lastReason()), 'the MCP server saw nothing of it'] };
    },
  },
  {
    title: 'The token of one server shown to another',
    async run({ notes, lastReason }, known) {
      const answer = await callTool(notes, `Bearer ${known.jwt}`, 'whoami');
      return {
        right: answer.status === 401 && lastReason() === audienceMismatch.definition.reason,
        lines: [refusal(answer, lastReason())],
      };
    },
  },
  {
    title: 'An opaque token, asked about by introspection',
    async run({ notes, idp }, known) {
      known.opaque = await idp.token({ resource: notes, scope: SCOPE });
      const answer = await callTool(notes, `Bearer ${known.opaque}`, 'add', { a: 20, b: 22 });
      const right =
        answer.status === 200 && textOf(answer) === '42' && idp.hits.introspection === 1;
      return {
        right,
        lines: [
          `a token of ${known.opaque.length} characters`,
          `${answer.status} 20 + 22 = ${textOf(answer)}`,
        ],
      };
    },
  },
  {
    title: 'An old client with Authorization: Token, which the MCP server itself verifies',
    async run({ files }) {
      const answer = await callTool(files, `Token ${LEGACY_TOKEN}`, 'whoami');
      const wrong = await callTool(files, 'Token wrong', 'whoami');
      const right =
        answer.status === 200 &&
        textOf(answer).includes('"authorization":"Token"') &&
        wrong.status === 401;
      return {
        right,
        lines: [
          `${answer.status} ${textOf(answer)}`,
          `with a wrong one: ${wrong.status} and our own challenge`,
        ],
      };
    },
  },
  {
    title: 'The identity provider stops',
    async run({ files, notes, idp, lastReason }, known) {
      const unseen = await idp.token({ resource: notes, scope: SCOPE });
      await idp.stop();
      const good = await callTool(files, `Bearer ${known.jwt}`, 'echo', { text: 'still here' });
      const unknown = await callTool(notes, `Bearer ${unseen}`, 'whoami');
      const why = lastReason();
      await idp.start();
      const right = good.status === 200 && unknown.status === 503 && unknown.challenge === null;
      return {
        right,
        lines: [
          `a token signed with a known key: ${good.status} ${textOf(good)}`,
          `a token that cannot be checked now: ${unknown.status}, Retry-After: ${unknown.retryAfter}, no challenge (${why})`,
        ],
      };
    },
  },
  {
    title:
      'The doctor, who examines a server from outside (portcullis doctor), and a token explained (portcullis explain)',
    async run({ files, examineToken }, known) {
      const found = await examine(
        {
          url: files,
          token: known.jwt,
          tool: 'whoami',
          origin: INSPECTOR,
          quietMs: null,
          eventMs: 3_000,
        },
        () => {},
      );
      const printable = createPrintable(known.jwt);
      const failed = found.filter(({ verdict }) => verdict === 'fail');
      const spoiled = await examineToken(spoil(known.jwt));
      const right =
        failed.length === 0 &&
        spoiled.failure?.definition.reason === tokenSignature.definition.reason;
      return {
        right,
        lines: [
          summary(found),
          ...failed.map((one) => lineOf(one, printable)),
          `the token with another signature passes ${spoiled.steps.filter(({ state }) => state === 'pass').length} checks, then: ${spoiled.failure?.definition.reason}`,
        ],
      };
    },
  },
];

/** Runs every step and prints it. True when all were right. */
export async function tour(parts: Parts): Promise<boolean> {
  const known: Knowledge = { metadataUrl: '', authorizationServer: '', jwt: '', opaque: '' };
  let wrong = 0;
  for (const [i, { title, run }] of steps.entries()) {
    const { right, lines } = await run(parts, known).catch((error: unknown) => ({
      right: false,
      lines: [String(error)],
    }));
    if (!right) wrong++;
    console.log(`${right ? 'ok   ' : 'WRONG'} ${i + 1}. ${title}`);
    for (const line of lines) console.log(`        ${line}`);
  }
  console.log(
    wrong === 0
      ? `\nAll ${steps.length} steps were right.`
      : `\n${wrong} of ${steps.length} steps were wrong.`,
  );
  return wrong === 0;
}

/** Commands for another terminal, with tokens that are good for an hour. */
export async function linesToPaste({
  files,
  notes,
  idp,
  upstream,
  adminUrl,
}: Parts): Promise<string> {
  const jwt = await idp.token({ resource: files, scope: SCOPE });
  const opaque = await idp.token({ resource: notes, scope: SCOPE });
  const body = `'{"jsonrpc":"2.0","id":1,"method":"tools/list"}'`;
  const curl = (url: string, authorization: string): string =>
    `curl -s ${url} -H 'Authorization: ${authorization}' -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' -d ${body}`;
  return `
Paste into another terminal:

# no token: 401 and the challenge
curl -si ${files} -d '{}'

# a JWT
${curl(files, `Bearer ${jwt}`)}

# an opaque token
${curl(notes, `Bearer ${opaque}`)}

# an old client
${curl(files, `Token ${LEGACY_TOKEN}`)}

# MCP Inspector 2.12.0, on Node 22.19 or later; without the version npx on Node 20 would take an old one
npx @modelcontextprotocol/inspector@2.12.0 --cli ${files} --transport http --method tools/list --header 'Authorization: Bearer ${jwt}'

# portcullis doctor: what a client would run into
PORTCULLIS_TOKEN=${jwt} node dist/main.js doctor ${files} --tool whoami

# portcullis explain: why that token passes, and why with another signature it does not
export PORTCULLIS_PUBLIC_URL=${files} PORTCULLIS_ISSUER=${idp.issuer} PORTCULLIS_UPSTREAM=${upstream.url} PORTCULLIS_SCOPES=${SCOPE}
PORTCULLIS_TOKEN=${jwt} node dist/main.js explain
PORTCULLIS_TOKEN=${spoil(jwt)} node dist/main.js explain

# metrics
curl -s ${adminUrl}/metrics

Ctrl-C ends the demo.`;
}
