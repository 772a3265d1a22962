// Converts header names to lower case, quickly: a table knows the usual spellings. Each request has
// about a dozen names, nearly always the same ones.

const KNOWN = [
  'host',
  'authorization',
  'user-agent',
  'accept',
  'accept-encoding',
  'accept-language',
  'content-type',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'expect',
  'upgrade',
  'origin',
  'referer',
  'cookie',
  'cache-control',
  'last-event-id',
  'mcp-protocol-version',
  'mcp-session-id',
  'mcp-method',
  'mcp-name',
  'sec-fetch-mode',
  'traceparent',
  'tracestate',
  'baggage',
  'via',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'x-request-id',
];

/** As clients write them: `content-type`, `Content-Type`, and `MCP-` as in the specification. */
const SPELLINGS = new Map(
  KNOWN.flatMap((name) => {
    const capitals = name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
    return [name, capitals, capitals.replace(/^Mcp-/, 'MCP-')].map((spelling): [string, string] => [
      spelling,
      name,
    ]);
  }),
);

export function lowerCase(name: string): string {
  return SPELLINGS.get(name) ?? name.toLowerCase();
}
