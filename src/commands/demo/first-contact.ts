// Talks to an MCP server as a client does: opens a conversation in the newest revision that the
// server serves, and lists its tools. Calls no tool, because a tool could write.
import {
  initializeRequest,
  legacyRequest,
  type McpRequest,
  MODERN_VERSION,
  modernRequest,
} from '../mcp-request.js';

const DEADLINE_MS = 10_000;
const CLIENT = 'portcullis-demo';
const AFTER_RESULT_MS = 500;
const MAX_CHARACTERS = 1_000_000;
/** The part of an unexpected answer that the demo shows. */
const SHOWN_CHARACTERS = 300;

export interface Contact {
  readonly revision: string;
  /** Whether the server gave the conversation a session (legacy revisions). */
  readonly hasSession: boolean;
  /** Name and version of the server. */
  readonly server: string;
  readonly tools: readonly string[];
}

/** No conversation: how the server answered instead. */
export type NoContact =
  | { readonly kind: 'no answer'; readonly code: string; readonly detail: string }
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly type: string;
      readonly challenge: string | null;
      readonly location: string | null;
      readonly text: string;
    };

type Fields = Readonly<Record<string, unknown>>;
interface Reply {
  readonly failure: NoContact | null;
  readonly result: Fields | null;
  readonly session: string | null;
}

/** The JSON-RPC result of an answer, from JSON or from any event of a stream. */
export function resultOf(text: string): Fields | null {
  const messages = text.trimStart().startsWith('{')
    ? [text]
    : [...text.matchAll(/^data: ?(.*)$/gm)].map(([, data = '']) => data);
  for (const message of messages) {
    try {
      const { result } = JSON.parse(message) as { result?: Fields };
      if (typeof result === 'object' && result !== null) return result;
    } catch {
      // Not JSON: no result.
    }
  }
  return null;
}

/** Reads to the end, but not for long after the result: a server may keep its stream open. */
async function readAnswer(response: Response, stop: AbortController): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let timer: NodeJS.Timeout | undefined;
  try {
    for await (const part of response.body ?? []) {
      text += decoder.decode(part as Uint8Array, { stream: true });
      if (text.length > MAX_CHARACTERS) break;
      if (resultOf(text) !== null) timer ??= setTimeout(() => stop.abort(), AFTER_RESULT_MS);
    }
  } catch (error) {
    if (resultOf(text) === null) throw error;
  } finally {
    clearTimeout(timer);
  }
  return text;
}

/** The server accepts `initialize`, and its answer is empty. */
const NOTHING: NoContact = { kind: 'no answer', code: '', detail: 'an answer without a result' };

function noAnswer(error: unknown): Reply {
  const { name, message, cause } = error as Error & { cause?: NodeJS.ErrnoException };
  const timedOut = name === 'TimeoutError';
  const failure: NoContact = {
    kind: 'no answer',
    code: timedOut ? 'TIMEOUT' : (cause?.code ?? ''),
    detail: timedOut ? `no answer within ${DEADLINE_MS / 1000} s` : cause?.message || message,
  };
  return { failure, result: null, session: null };
}

async function send(
  url: string,
  authorization: string | null,
  { headers, body }: McpRequest,
): Promise<Reply> {
  const stop = new AbortController();
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: { ...headers, ...(authorization === null ? {} : { authorization }) },
      body,
      signal: AbortSignal.any([AbortSignal.timeout(DEADLINE_MS), stop.signal]),
    });
    const text = await readAnswer(response, stop);
    const result = resultOf(text);
    // A notification gets an answer without a body.
    const isGood = response.ok && (result !== null || text.trim() === '');
    return {
      failure: isGood
        ? null
        : {
            kind: 'answer',
            status: response.status,
            type: (response.headers.get('content-type') ?? '').split(';', 1)[0] ?? '',
            challenge: response.headers.get('www-authenticate'),
            location: response.headers.get('location'),
            text: text.slice(0, SHOWN_CHARACTERS),
          },
      result,
      session: response.headers.get('mcp-session-id'),
    };
  } catch (error) {
    return noAnswer(error);
  }
}

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};

function contactOf(revision: string, hasSession: boolean, opening: Fields, list: Fields): Contact {
  // In revision 2026-07-28 it is part of the metadata of each result.
  const meta = fieldsOf(opening._meta)['io.modelcontextprotocol/serverInfo'];
  const { name = 'a server without a name', version = '' } = fieldsOf(opening.serverInfo ?? meta);
  const { tools } = list;
  return {
    revision,
    hasSession,
    server: `${name} ${version}`.trim(),
    tools: Array.isArray(tools) ? tools.map((tool) => String(fieldsOf(tool).name)) : [],
  };
}

/** A server without tools answers `tools/list` with an error. */
const hasTools = (opening: Fields): boolean => fieldsOf(opening.capabilities).tools !== undefined;

async function end(url: string, authorization: string | null, session: string): Promise<void> {
  const headers = {
    'mcp-session-id': session,
    ...(authorization === null ? {} : { authorization }),
  };
  const signal = AbortSignal.timeout(DEADLINE_MS);
  await fetch(url, { method: 'DELETE', headers, signal }).catch(() => {});
}

/** Opens a conversation, lists the tools, and ends the session if there is one. */
export async function makeContact(
  url: string,
  authorization: string | null = null,
): Promise<Contact | NoContact> {
  const discovered = await send(url, authorization, modernRequest(CLIENT, 'server/discover'));
  if (discovered.result !== null) return modern(url, authorization, discovered.result);
  const { failure } = discovered;
  // A legacy server may leave a method that it does not know without an answer.
  if (failure?.kind === 'no answer' && failure.code !== 'TIMEOUT') return failure;
  const opened = await send(url, authorization, initializeRequest(CLIENT));
  if (opened.result === null) return opened.failure ?? NOTHING;
  const contact = await legacy(url, authorization, opened.result, opened.session);
  if (opened.session !== null) await end(url, authorization, opened.session);
  return contact;
}

async function modern(
  url: string,
  authorization: string | null,
  opening: Fields,
): Promise<Contact | NoContact> {
  if (!hasTools(opening)) return contactOf(MODERN_VERSION, false, opening, {});
  const list = await send(url, authorization, modernRequest(CLIENT, 'tools/list'));
  return list.failure ?? contactOf(MODERN_VERSION, false, opening, list.result ?? {});
}

async function legacy(
  url: string,
  authorization: string | null,
  opening: Fields,
  session: string | null,
): Promise<Contact | NoContact> {
  const revision = String(opening.protocolVersion);
  const ask = (method: string): Promise<Reply> =>
    send(url, authorization, legacyRequest(method, {}, revision, session));
  const initialized = await ask('notifications/initialized');
  if (initialized.failure !== null) return initialized.failure;
  if (!hasTools(opening)) return contactOf(revision, session !== null, opening, {});
  const list = await ask('tools/list');
  return list.failure ?? contactOf(revision, session !== null, opening, list.result ?? {});
}

export const isContact = (contact: Contact | NoContact): contact is Contact =>
  'revision' in contact;
