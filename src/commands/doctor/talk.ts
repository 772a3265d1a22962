// Decides how the doctor talks to the server once in each era: the first words, the list of tools, one call. Never calls a tool that could
// write, unless it was named. Never judges.
import { isObject } from '../../core/json.js';
import {
  initializeRequest,
  LEGACY_VERSION,
  legacyRequest,
  type McpRequest,
  modernRequest,
} from '../mcp-request.js';
import type { Json } from './look.js';
import { type Answer, type Ask, type Asked, header, isStream } from './request.js';

export interface Rpc {
  readonly result?: Json;
  readonly error?: Json;
}

export interface Said {
  readonly asked: Asked;
  /** The answer to the request, wherever in a stream it stands; null where there is none. */
  readonly rpc: Rpc | null;
}

export type Era = 'modern' | 'legacy';

export interface Talk {
  /** server/discover or initialize. */
  readonly first: Said;
  /** False where the server does not serve this era; the rest is null then. */
  readonly served: boolean;
  readonly initialized: Asked | null;
  readonly tools: Said | null;
  /** The tool that was called; null where none may be. */
  readonly tool: string | null;
  readonly call: Said | null;
  /** A request of this conversation, for streams. */
  readonly request: (method: string, params?: Json) => McpRequest;
}

export const CLIENT = 'portcullis-doctor';
const PROGRESS = { progressToken: CLIENT };

type Send = (request: McpRequest, more?: Partial<Ask>) => Promise<Asked>;

/** The messages of an answer: one of JSON, or the events of a stream that are complete. */
export function messagesOf(answer: Answer): Json[] {
  const texts = isStream(answer)
    ? answer.text
        .replaceAll('\r\n', '\n')
        .split('\n\n')
        .slice(0, -1)
        .filter((event) => event !== '')
        .map((event) => [...event.matchAll(/^data: ?(.*)$/gm)].map(([, line]) => line).join('\n'))
    : [answer.text];
  return texts.flatMap((text) => {
    try {
      const message: unknown = JSON.parse(text);
      return isObject(message) ? [message] : [];
    } catch {
      return [];
    }
  });
}

const rpcOf = (answer: Answer): Rpc | null =>
  messagesOf(answer).find(({ result, error }) => isObject(result) || isObject(error)) ?? null;

/** The only tool that may be called: the one that was named, or one that says it only reads and needs to be told nothing. */
function choose(said: Said, named: string | null): string | null {
  const { tools } = said.rpc?.result ?? {};
  const all = Array.isArray(tools) ? tools.filter(isObject) : [];
  const harmless = ({ annotations, inputSchema }: Json): boolean => {
    const required = isObject(inputSchema) ? inputSchema.required : undefined;
    return (
      isObject(annotations) &&
      annotations.readOnlyHint === true &&
      (!Array.isArray(required) || required.length === 0)
    );
  };
  const found = named === null ? all.find(harmless) : all.find(({ name }) => name === named);
  return typeof found?.name === 'string' ? found.name : null;
}

export function createTalk(
  send: Send,
  end: (session: string, version: string) => Promise<unknown>,
  named: string | null,
) {
  async function say(request: McpRequest): Promise<Said> {
    const asked = await send(request, {
      enough: (soFar) => isStream(soFar) && rpcOf(soFar) !== null,
    });
    return { asked, rpc: asked.kind === 'answer' ? rpcOf(asked) : null };
  }

  async function go(
    first: Said,
    initialized: Asked | null,
    request: Talk['request'],
    call: (tool: string) => McpRequest,
  ): Promise<Talk> {
    const tools = await say(request('tools/list'));
    const tool = choose(tools, named);
    return {
      first,
      served: true,
      initialized,
      tools,
      tool,
      call: tool === null ? null : await say(call(tool)),
      request,
    };
  }

  const none = (first: Said, request: Talk['request']): Talk => ({
    first,
    served: false,
    initialized: null,
    tools: null,
    tool: null,
    call: null,
    request,
  });

  async function modern(): Promise<Talk> {
    const request = (method: string, params: Json = {}): McpRequest =>
      modernRequest(CLIENT, method, params);
    const first = await say(request('server/discover'));
    if (first.rpc?.result === undefined) return none(first, request);
    return go(first, null, request, (name) =>
      modernRequest(CLIENT, 'tools/call', { name, arguments: {} }, PROGRESS),
    );
  }

  let session: string | null = null;
  let version = LEGACY_VERSION;

  async function legacy(): Promise<Talk> {
    const first = await say(initializeRequest(CLIENT));
    const request = (method: string, params: Json = {}): McpRequest =>
      legacyRequest(method, params, version, session);
    if (first.rpc?.result === undefined || first.asked.kind !== 'answer')
      return none(first, request);
    if (typeof first.rpc.result.protocolVersion === 'string')
      version = first.rpc.result.protocolVersion;
    session = header(first.asked, 'mcp-session-id') || null;
    const initialized = await send(request('notifications/initialized'));
    return go(first, initialized, request, (name) =>
      request('tools/call', { name, arguments: {}, _meta: PROGRESS }),
    );
  }

  const begun: Partial<Record<Era, Promise<Talk>>> = {};
  return {
    in: (era: Era): Promise<Talk> => {
      begun[era] ??= era === 'modern' ? modern() : legacy();
      return begun[era];
    },
    /** Closes the session, if there is one. */
    async end(): Promise<void> {
      if (session !== null) await end(session, version);
    },
  };
}
