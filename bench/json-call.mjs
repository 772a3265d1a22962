// The JSON call that the benches of the hot path send, byte for byte the same in all of them.

const body = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: {
    name: 'json',
    arguments: { query: 'q'.repeat(150), limit: 10 },
    _meta: { progressToken: 't' },
  },
});

/** The bytes of the call. `credential`: a header line, or null. */
export const requestBytes = (port, credential) =>
  [
    'POST /mcp HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    ...(credential === null ? [] : [credential]),
    'User-Agent: portcullis-bench/1',
    'MCP-Protocol-Version: 2025-11-25',
    'Accept: application/json, text/event-stream',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
