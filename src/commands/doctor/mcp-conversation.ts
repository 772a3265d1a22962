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

export type Era = 'modern' | 'legacy';

export interface Conversation {
  /** The reply to server/discover or initialize. */
  readonly opening: Reply;
  /** False if the server does not support this era. The fields below are null then. */
  readonly supported: boolean;
  readonly initialized: Outcome | null;
  readonly tools: Reply | null;
  /** The name of the called tool; null if the doctor may call none. */
  readonly tool: string | null;
  readonly call: Reply | null;
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

const isReadOnlyWithoutArguments = ({ annotations, inputSchema }: JsonObject): boolean => {
  const required = isObject(inputSchema) ? inputSchema.required : undefined;
  return (
    isObject(annotations) &&
    annotations.readOnlyHint === true &&
    (!Array.isArray(required) || required.length === 0)
  );
};

/** The one tool that the doctor may call: the named one, or a read-only one without arguments. */
function selectTool({ rpc }: Reply, named: string | null): string | null {
  const { tools } = rpc?.result ?? {};
  const all = Array.isArray(tools) ? tools.filter(isObject) : [];
  const found =
    named === null ? all.find(isReadOnlyWithoutArguments) : all.find(({ name }) => name === named);
  return typeof found?.name === 'string' ? found.name : null;
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

  async function proceed(
    opening: Reply,
    initialized: Outcome | null,
    request: Conversation['request'],
    callOf: (tool: string) => McpRequest,
  ): Promise<Conversation> {
    const tools = await exchange(request('tools/list'));
    const tool = selectTool(tools, namedTool);
    const call = tool === null ? null : await exchange(callOf(tool), { deadlineMs: callMs });
    return { opening, supported: true, initialized, tools, tool, call, request };
  }

  const unsupported = (opening: Reply, request: Conversation['request']): Conversation => ({
    opening,
    supported: false,
    initialized: null,
    tools: null,
    tool: null,
    call: null,
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
