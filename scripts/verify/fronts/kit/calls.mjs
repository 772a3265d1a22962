// The MCP requests of the checks.
import { PATHS } from './behind.mjs';

const REVISION = '2025-06-18';
let lastId = 0;

const bearer = (token) => (token === undefined ? {} : { authorization: `Bearer ${token}` });

/** The parts of a POST to an endpoint. `token: undefined` sends none. */
export function post(world, name, message, { token, headers, ...more } = {}) {
  lastId += 1;
  return {
    path: PATHS[name],
    headers: {
      ...bearer(token === undefined ? world.tokens[name] : token),
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': REVISION,
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: lastId, ...message }),
    ...more,
  };
}

export const callTool = (world, name, tool, more) =>
  post(world, name, { method: 'tools/call', params: { name: tool, arguments: {} } }, more);

export const get = (world, name, { headers, ...more } = {}) => ({
  method: 'GET',
  path: PATHS[name],
  headers: {
    ...bearer(world.tokens[name]),
    accept: 'text/event-stream',
    'mcp-protocol-version': REVISION,
    ...headers,
  },
  ...more,
});

/** A body of `size` bytes, which is JSON up to its end. */
export const padding = (size) => {
  const head = '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"padding":"';
  return Buffer.from(`${head}${'x'.repeat(size - head.length - 3)}"}}`);
};

/** The head of an answer without a token: status, challenge, JSON. Returns a problem or null. */
export function challengeProblem({ status, headers, body, whole, error }, statuses = [401]) {
  if (!whole) return `${status ?? 'no answer'}, ${error ?? 'cut'}`;
  if (!statuses.includes(status)) return `status ${status}`;
  if (status === 401 && !/resource_metadata=/.test(headers['www-authenticate'] ?? ''))
    return `no challenge in ${JSON.stringify(headers)}`;
  try {
    JSON.parse(body);
    return null;
  } catch {
    return `not JSON: ${body.slice(0, 60)}`;
  }
}
