// The steps of the demo: each acts as a client, and compares the response with the expected one.
import { audienceMismatch, tokenSignature } from '../../core/failures.js';
import { findingText, hasFailure, summaryText } from '../doctor/report.js';
import { runChecks } from '../doctor/run-checks.js';
import { DOCTOR_TIMES, INSPECTOR_ORIGIN } from '../doctor.js';
import { createPrintable } from '../printable.js';
import { type Answer, call, getJson, logIn } from './client.js';
import { forgeSignature } from './forge.js';
import { SCOPE, type Services } from './services.js';
import { LEGACY_TOKEN } from './upstream.js';

/** The results of earlier steps that later steps use. */
export interface Knowledge {
  metadataUrl: string;
  authorizationServer: string;
  jwt: string;
}

export interface StepResult {
  readonly succeeded: boolean;
  /** The outcome, line by line. */
  readonly lines: readonly string[];
}

export interface Step {
  readonly title: string;
  readonly run: (services: Services, known: Knowledge) => Promise<StepResult>;
}

const callTool = (
  url: string,
  authorization: string | null,
  name: string,
  args: Record<string, unknown> = {},
): Promise<Answer> => call(url, authorization, 'tools/call', { name, arguments: args });

/** The text in the result of a tool. */
function textOf({ message }: Answer): string {
  const { content } = (message.result ?? {}) as { content?: readonly { text?: string }[] };
  return content?.[0]?.text ?? '';
}

/** The line of a call in the log, and its reason. */
async function logged(
  { lastLine }: Services,
  { requestId }: Answer,
): Promise<{ line: string; reason: string | undefined }> {
  const line = await lastLine(`"requestId":"${requestId}"`);
  return { line, reason: /"reason":"([^"]+)"/.exec(line)?.[1] };
}

const rejection = ({ status, message }: Answer, reason: string | undefined): string =>
  `status ${status}, "${message.error?.message}"; the log has the reason: ${reason}`;

export const steps: readonly Step[] = [
  {
    title: 'A client calls a tool without a token. The gateway rejects the call with a challenge.',
    async run({ files }, known) {
      const answer = await callTool(files, null, 'echo', { text: 'hello' });
      const { status, challenge } = answer;
      known.metadataUrl = /resource_metadata="([^"]+)"/.exec(challenge ?? '')?.[1] ?? '';
      return {
        succeeded: status === 401 && known.metadataUrl !== '' && !challenge?.includes('error='),
        lines: [`status ${status}`, `WWW-Authenticate: ${challenge}`],
      };
    },
  },
  {
    title: 'The client reads the resource metadata at the URL in the challenge.',
    async run({ files, idp }, known) {
      const metadata = await getJson(known.metadataUrl);
      known.authorizationServer = String((metadata.authorization_servers as string[])[0]);
      return {
        succeeded: metadata.resource === files && known.authorizationServer === idp.issuer,
        lines: [JSON.stringify(metadata)],
      };
    },
  },
  {
    title: 'The client registers at the identity provider, logs in with PKCE, and gets a token.',
    async run({ files }, known) {
      const metadata = await getJson(
        `${known.authorizationServer}/.well-known/oauth-authorization-server`,
      );
      known.jwt = await logIn(metadata, files, SCOPE);
      const claims = Buffer.from(known.jwt.split('.')[1] ?? '', 'base64url').toString();
      return {
        succeeded: claims.includes(files),
        lines: [`a JWT of ${known.jwt.length} characters with these claims:`, claims],
      };
    },
  },
  {
    title: 'The client lists the tools with the token.',
    async run({ files }, known) {
      const { status, message } = await call(files, `Bearer ${known.jwt}`, 'tools/list');
      const { tools = [] } = (message.result ?? {}) as { tools?: { name: string }[] };
      const names = tools.map(({ name }) => name);
      return {
        succeeded: status === 200 && names.includes('echo'),
        lines: [`status ${status}, tools: ${names.join(', ')}`],
      };
    },
  },
  {
    title: 'The client calls a tool. The MCP server received no credential and lists its headers.',
    async run({ files }, known) {
      const answer = await callTool(files, `Bearer ${known.jwt}`, 'whoami');
      return {
        succeeded: answer.status === 200 && textOf(answer).includes('"authorization":"none"'),
        lines: [`status ${answer.status}, ${textOf(answer)}`],
      };
    },
  },
  {
    title: 'A client sends the token with a forged signature. The gateway rejects it.',
    async run(services, known) {
      const { files, upstream } = services;
      const before = upstream.seen.length;
      const answer = await callTool(files, `Bearer ${forgeSignature(known.jwt)}`, 'whoami');
      const { line, reason } = await logged(services, answer);
      const isRejected = answer.status === 401 && reason === tokenSignature.definition.reason;
      return {
        succeeded: isRejected && upstream.seen.length === before,
        lines: [
          rejection(answer, reason),
          'the MCP server received nothing',
          `the line of the log: ${line}`,
        ],
      };
    },
  },
  {
    title: 'A client sends the token of one endpoint to another. The gateway rejects it.',
    async run(services, known) {
      const answer = await callTool(services.notes, `Bearer ${known.jwt}`, 'whoami');
      const { reason } = await logged(services, answer);
      return {
        succeeded: answer.status === 401 && reason === audienceMismatch.definition.reason,
        lines: [rejection(answer, reason)],
      };
    },
  },
  {
    title: 'A client sends an opaque token. The gateway verifies it by introspection.',
    async run({ notes, idp }) {
      const token = await idp.token({ resource: notes, scope: SCOPE });
      const answer = await callTool(notes, `Bearer ${token}`, 'add', { a: 20, b: 22 });
      const sum = textOf(answer);
      return {
        succeeded: answer.status === 200 && sum === '42' && idp.hits.introspection === 1,
        lines: [
          `a token of ${token.length} characters`,
          `status ${answer.status}, the tool computed 20 + 22 = ${sum}`,
        ],
      };
    },
  },
  {
    title: 'An older client sends Authorization: Token. The MCP server itself verifies it.',
    async run({ files }) {
      const answer = await callTool(files, `Token ${LEGACY_TOKEN}`, 'whoami');
      const wrong = await callTool(files, 'Token wrong', 'whoami');
      const isAccepted =
        answer.status === 200 && textOf(answer).includes('"authorization":"Token"');
      return {
        succeeded: isAccepted && wrong.status === 401,
        lines: [
          `status ${answer.status}, ${textOf(answer)}`,
          `a wrong credential: status ${wrong.status}, with the challenge of the gateway`,
        ],
      };
    },
  },
  {
    title: 'The identity provider stops. Known keys still work; other tokens get 503, never 401.',
    async run(services, known) {
      const { files, notes, idp } = services;
      const unseen = await idp.token({ resource: notes, scope: SCOPE });
      await idp.stop();
      const good = await callTool(files, `Bearer ${known.jwt}`, 'echo', { text: 'still here' });
      const unchecked = await callTool(notes, `Bearer ${unseen}`, 'whoami');
      const { reason } = await logged(services, unchecked);
      await idp.start();
      const { status, challenge, retryAfter } = unchecked;
      return {
        succeeded: good.status === 200 && status === 503 && challenge === null,
        lines: [
          `a token signed with a known key: status ${good.status}, "${textOf(good)}"`,
          `a token that the gateway cannot check now: status ${status}, ` +
            `Retry-After: ${retryAfter}, no challenge (${reason})`,
        ],
      };
    },
  },
  {
    title: 'The doctor tests the server from outside, and explain checks a token.',
    async run({ files, explainToken }, known) {
      const findings = await runChecks({
        url: files,
        token: known.jwt,
        tool: 'whoami',
        origin: INSPECTOR_ORIGIN,
        idleMs: null,
        eventMs: DOCTOR_TIMES.eventMs,
      });
      const printable = createPrintable(known.jwt);
      const failed = findings.filter(({ result }) => result === 'fail');
      const forged = await explainToken(forgeSignature(known.jwt), null);
      const reason = forged.failure?.definition.reason;
      const passed = forged.steps.filter(({ state }) => state === 'pass').length;
      return {
        succeeded: !hasFailure(findings) && reason === tokenSignature.definition.reason,
        lines: [
          `doctor: ${summaryText(findings)}`,
          ...failed.map((finding) => findingText(finding, printable)),
          `explain: the token with a forged signature passes ${passed} checks, then: ${reason}`,
        ],
      };
    },
  },
];
