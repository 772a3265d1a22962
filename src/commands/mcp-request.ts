// Builds the MCP requests that the demo and the doctor send, in the form of either era.

export const MODERN_VERSION = '2026-07-28';
export const LEGACY_VERSION = '2025-11-25';

export interface McpRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type Fields = Readonly<Record<string, unknown>>;

const PREFIX = 'io.modelcontextprotocol/';
const TYPES = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

/** A request of revision 2026-07-28: the headers repeat version and method. */
export function modernRequest(
  client: string,
  method: string,
  params: Fields = {},
  meta: Fields = {},
): McpRequest {
  const own = {
    [`${PREFIX}protocolVersion`]: MODERN_VERSION,
    [`${PREFIX}clientCapabilities`]: {},
    [`${PREFIX}clientInfo`]: { name: client, version: '1' },
    ...meta,
  };
  const name = typeof params.name === 'string' ? { 'mcp-name': params.name } : {};
  return {
    headers: { ...TYPES, 'mcp-protocol-version': MODERN_VERSION, 'mcp-method': method, ...name },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: own } }),
  };
}

/**
 * A message of the legacy revisions. `session` and `version` come from the response to
 * `initialize`. A notification has no id.
 */
export function legacyRequest(
  method: string,
  params: Fields,
  version: string | null = null,
  session: string | null = null,
): McpRequest {
  const id = method.startsWith('notifications/') ? {} : { id: 1 };
  return {
    headers: {
      ...TYPES,
      ...(version === null ? {} : { 'mcp-protocol-version': version }),
      ...(session === null ? {} : { 'mcp-session-id': session }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', ...id, method, params }),
  };
}

export const initializeRequest = (client: string): McpRequest =>
  legacyRequest('initialize', {
    protocolVersion: LEGACY_VERSION,
    capabilities: {},
    clientInfo: { name: client, version: '1' },
  });
