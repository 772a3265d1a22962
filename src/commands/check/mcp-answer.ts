// Opens a conversation with an MCP server as a client would, and says what the answer means. The
// server accepts the request or rejects the credential, or there is no MCP server at this URL.
import { connectionFix, fail, type Verdict } from '../../app/check-finding.js';
import { isObject } from '../../core/json.js';
import { describeOutcome } from '../doctor/document.js';
import { messagesOf } from '../doctor/mcp-conversation.js';
import {
  type HttpResponse,
  header,
  isHtml,
  isStream,
  type Outcome,
  sendRequest,
} from '../doctor/request.js';
import { initializeRequest, type McpRequest, modernRequest } from '../mcp-request.js';

export type Headers = Readonly<Record<string, string>>;

/** `problem`: why no caller can use the server. */
export type McpAnswer =
  | { readonly kind: 'accepted' | 'rejected'; readonly observed: string }
  | { readonly kind: 'problem'; readonly verdict: Verdict };

export const CLIENT_NAME = 'portcullis-check';
/** Milliseconds for one request, connection and body included. */
const DEADLINE_MS = 5_000;
/** Statuses of a proxy whose server does not respond; those from 521 on are of Cloudflare. */
const DOWN = [502, 503, 504, 521, 522, 523];
/** Statuses of a web server that has nothing for a POST at this path. */
const NO_SUCH_PATH = [404, 405, 410, 501];
const USUAL_PATHS = ['/mcp', '/'];

const send = (url: string, { headers, body }: McpRequest, more: Headers): Promise<Outcome> =>
  sendRequest({
    url,
    method: 'POST',
    headers: { ...headers, ...more },
    body,
    deadlineMs: DEADLINE_MS,
    // A stream has no end. Its first event has the answer.
    isEnough: (soFar) => isStream(soFar) && /\r?\n\r?\n/.test(soFar.text),
  });

const speaksMcp = (response: HttpResponse): boolean =>
  messagesOf(response).some(
    (message) => isObject(message) && ('result' in message || 'error' in message),
  );

/** The session is of no use to the check. The answer does not matter. */
async function endSession(url: string, response: HttpResponse, more: Headers): Promise<void> {
  const session = header(response, 'mcp-session-id');
  if (session === '') return;
  const headers = { ...more, 'mcp-session-id': session };
  await sendRequest({ url, method: 'DELETE', headers, deadlineMs: DEADLINE_MS });
}

/** Opens a conversation in the legacy form, or in that of 2026-07-28 for a server of that alone. */
async function open(url: string, more: Headers): Promise<Outcome> {
  const first = await send(url, initializeRequest(CLIENT_NAME), more);
  if (first.kind !== 'response') return first;
  await endSession(url, first, more);
  const isOther = first.status >= 400 && first.status < 500 && speaksMcp(first);
  if (!isOther || first.status === 401 || first.status === 403) return first;
  const second = await send(url, modernRequest(CLIENT_NAME, 'server/discover'), more);
  return second.kind === 'response' && second.status === 200 ? second : first;
}

/** Another path of the same server where an MCP server answers; null: none of the usual ones. */
async function usualPath(url: string, more: Headers): Promise<string | null> {
  const { pathname, origin } = new URL(url);
  for (const path of USUAL_PATHS.filter((one) => one !== pathname)) {
    const outcome = await open(`${origin}${path}`, more);
    if (outcome.kind !== 'response') return null;
    if (outcome.status === 401 || (outcome.status === 200 && speaksMcp(outcome)))
      return `${origin}${path}`;
  }
  return null;
}

const PATH_FIX = 'write the URL of the MCP server with its path, such as';

async function wrongPath(url: string, got: string, more: Headers): Promise<Verdict> {
  const other = await usualPath(url, more);
  const { origin } = new URL(url);
  return fail(
    `${got}: no MCP server at this path`,
    other === null ? `${PATH_FIX} ${origin}/mcp` : `write ${other}: an MCP server answers there`,
  );
}

const problem = (verdict: Verdict): McpAnswer => ({ kind: 'problem', verdict });

/** `more`: headers with the credential, and those that the gateway sets. */
export async function askMcp(url: string, more: Headers): Promise<McpAnswer> {
  const outcome = await open(url, more);
  if (outcome.kind === 'no response')
    return problem(
      fail(describeOutcome(outcome), connectionFix(`${outcome.code} ${outcome.detail}`)),
    );
  const { status } = outcome;
  const got = describeOutcome(outcome);
  if (status === 401 || status === 403) return { kind: 'rejected', observed: `${status}` };
  if (speaksMcp(outcome) && status < 500) return { kind: 'accepted', observed: got };
  if (status >= 300 && status < 400) {
    const to = header(outcome, 'location');
    const target = URL.canParse(to, url) ? new URL(to, url).href : 'the URL at its end';
    return problem(fail(got, `write ${target}: the gateway follows no redirect`));
  }
  if (NO_SUCH_PATH.includes(status)) return problem(await wrongPath(url, got, more));
  if (DOWN.includes(status))
    return problem(fail(got, 'start the MCP server: a proxy answers, and nothing behind it'));
  if (status >= 500) return problem(fail(got, 'read the log of the MCP server: it failed'));
  if (isHtml(outcome)) return problem(await wrongPath(url, got, more));
  return problem(fail(`${got}: not like an MCP server`, `${PATH_FIX} ${new URL(url).origin}/mcp`));
}
