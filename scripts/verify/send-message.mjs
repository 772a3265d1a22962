// Sends one MCP message to a gateway, and reads the whole answer.

const REVISION = '2025-06-18';

export const bearer = (token) => ({ authorization: `Bearer ${token}` });

/** `headers`: the credential, and others of the request. Rejects without an answer in `ms`. */
export async function sendMessage(url, message, { headers, ms }) {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': REVISION,
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }),
    signal: AbortSignal.timeout(ms),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}
