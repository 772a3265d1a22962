// Holds one MCP conversation in each era: the opening request, the list of tools, one tool call.
// Never calls a tool that could write, unless the operator named it.
import { isObject } from '../../core/json.js';
import {
  initializeRequest,
  LEGACY_VERSION,
  legacyRequest,
  type McpRequest,
  modernRequest,
} from '../mcp-request.js';
import { CLIENT_NAME } from './client-name.js';
import type { JsonObject } from './document.js';
import {
  type HttpResponse,
  header,
  isStream,
  type Outcome,
  type RequestOptions,
} from './request.js';

export interface RpcResponse {
  readonly result?: JsonObject;
  readonly error?: JsonObject;
}

export interface Reply {
  readonly outcome: Outcome;
  /** The JSON-RPC response, anywhere in a stream; null if there is none. */
  readonly rpc: RpcResponse | null;
}

export interface ToolCall {
  /** The name of the called tool. */
  readonly tool: string;
  readonly reply: Reply;
}

export type Era = 'modern' | 'legacy';

export interface Conversation {
  /** The reply to server/discover or initialize. */
  readonly opening: Reply;
  /** False if the server does not support this era. Then there is no list and no call. */
  readonly supported: boolean;
  readonly initialized: Outcome | null;
  /**
   * The reply to tools/list. Like the call, the doctor sends it when a check first needs it: its
   * progress then names the right check.
   */
  readonly list: () => Promise<Reply | null>;
  /** Null if the doctor may call no tool. */
  readonly call: () => Promise<ToolCall | null>;
  /** Builds a further request of this conversation, for streams. */
  readonly request: (method: string, params?: JsonObject) => McpRequest;
}

export interface Conversations {
  /** Starts the conversation of this era on the first call. */
  in(era: Era): Promise<Conversation>;
  /** Closes the legacy session, if there is one. */
  end(): Promise<void>;
}

const PROGRESS = { progressToken: CLIENT_NAME };

type Send = (request: McpRequest, options?: Partial<RequestOptions>) => Promise<Outcome>;

/** The messages of a response: one JSON body, or the complete events of a stream. */
export function messagesOf(response: HttpResponse): JsonObject[] {
  const texts = isStream(response)
    ? response.text
        .replaceAll('\r\n', '\n')
        .split('\n\n')
        .slice(0, -1)
        .filter((event) => event !== '')
        .map((event) => [...event.matchAll(/^data: ?(.*)$/gm)].map(([, line]) => line).join('\n'))
    : [response.text];
  return texts.flatMap((text) => {
    try {
      const message: unknown = JSON.parse(text);
      return isObject(message) ? [message] : [];
    } catch {
      return [];
    }
  });
}

const rpcResponseOf = (response: HttpResponse): RpcResponse | null =>
  messagesOf(response).find(({ result, error }) => isObject(result) || isObject(error)) ?? null;

/** The tools in a reply to tools/list. */
export function toolsOf(reply: Reply | null): JsonObject[] {
  const { tools } = reply?.rpc?.result ?? {};
  return Array.isArray(tools) ? tools.filter(isObject) : [];
}

const isReadOnlyWithoutArguments = ({ annotations, inputSchema }: JsonObject): boolean => {
  const required = isObject(inputSchema) ? inputSchema.required : undefined;
  return (
    isObject(annotations) &&
    annotations.readOnlyHint === true &&
    (!Array.isArray(required) || required.length === 0)
  );
};

/** The name of a tool that is read-only and needs no arguments. */
function harmlessTool(list: Reply): string | null {
  const found = toolsOf(list).find(isReadOnlyWithoutArguments);
  return typeof found?.name === 'string' ? found.name : null;
}

const nothing = (): Promise<null> => Promise.resolve(null);

/** Runs on the first call. Later calls get the same result. */
function lazy<T>(run: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= run();
    return result;
  };
}

export function createConversations(
  send: Send,
  endSession: (session: string, version: string) => Promise<unknown>,
  { tool: namedTool, callMs }: { readonly tool: string | null; readonly callMs: number },
): Conversations {
  async function exchange(
    request: McpRequest,
    options: Partial<RequestOptions> = {},
  ): Promise<Reply> {
    const outcome = await send(request, {
      ...options,
      isEnough: (soFar) => isStream(soFar) && rpcResponseOf(soFar) !== null,
    });
    return { outcome, rpc: outcome.kind === 'response' ? rpcResponseOf(outcome) : null };
  }

  function proceed(
    opening: Reply,
    initialized: Outcome | null,
    request: Conversation['request'],
    callOf: (tool: string) => McpRequest,
  ): Conversation {
    const list = lazy(() => exchange(request('tools/list')));
    const call = lazy(async () => {
      // A list need not have every tool: it may have pages, or leave out what needs more scopes.
      const tool = namedTool ?? harmlessTool(await list());
      if (tool === null) return null;
      return { tool, reply: await exchange(callOf(tool), { deadlineMs: callMs }) };
    });
    return { opening, supported: true, initialized, list, call, request };
  }

  const unsupported = (opening: Reply, request: Conversation['request']): Conversation => ({
    opening,
    supported: false,
    initialized: null,
    list: nothing,
    call: nothing,
    request,
  });

  async function modern(): Promise<Conversation> {
    const request = (method: string, params: JsonObject = {}): McpRequest =>
      modernRequest(CLIENT_NAME, method, params);
    const opening = await exchange(request('server/discover'));
    if (opening.rpc?.result === undefined) return unsupported(opening, request);
    return proceed(opening, null, request, (name) =>
      modernRequest(CLIENT_NAME, 'tools/call', { name, arguments: {} }, PROGRESS),
    );
  }

  let session: string | null = null;
  let version = LEGACY_VERSION;

  async function legacy(): Promise<Conversation> {
    const opening = await exchange(initializeRequest(CLIENT_NAME));
    const request = (method: string, params: JsonObject = {}): McpRequest =>
      legacyRequest(method, params, version, session);
    if (opening.rpc?.result === undefined || opening.outcome.kind !== 'response')
      return unsupported(opening, request);
    if (typeof opening.rpc.result.protocolVersion === 'string')
      version = opening.rpc.result.protocolVersion;
    session = header(opening.outcome, 'mcp-session-id') || null;
    const initialized = await send(request('notifications/initialized'));
    return proceed(opening, initialized, request, (name) =>
      request('tools/call', { name, arguments: {}, _meta: PROGRESS }),
    );
  }

  const started: Partial<Record<Era, Promise<Conversation>>> = {};
  return {
    in(era) {
      started[era] ??= era === 'modern' ? modern() : legacy();
      return started[era];
    },
    async end() {
      if (session !== null) await endSession(session, version);
    },
  };
}
