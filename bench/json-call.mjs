// The calls that the benches of the hot path send, byte for byte the same in all of them.

const bodyOf = (tool) =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: {
      name: tool,
      arguments: { query: 'q'.repeat(150), limit: 10 },
      _meta: { progressToken: 't' },
    },
  });

const fields = (port, credential) => [
  `Host: 127.0.0.1:${port}`,
  ...(credential === null ? [] : [credential]),
  'User-Agent: portcullis-bench/1',
  'MCP-Protocol-Version: 2025-11-25',
];

/** The bytes of a call of this tool. `credential`: a header line, or null. */
export function requestBytes(port, credential, tool = 'json') {
  const body = bodyOf(tool);
  return [
    'POST /mcp HTTP/1.1',
    ...fields(port, credential),
    'Accept: application/json, text/event-stream',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}

/** The bytes of a GET, which opens a stream. */
export const streamBytes = (port, credential) =>
  ['GET /mcp HTTP/1.1', ...fields(port, credential), 'Accept: text/event-stream', '', ''].join(
    '\r\n',
  );
