// Writes the curl commands that the demo prints. They use the variables URL and TOKEN of the shell.
import {
  initializeRequest,
  legacyRequest,
  type McpRequest,
  modernRequest,
} from '../mcp-request.js';

const CLIENT = 'curl';

/** Names of shell variables, with the scheme of the credential. */
export interface CurlTarget {
  readonly url: string;
  readonly authorization: string;
}

export const JWT_TARGET: CurlTarget = { url: '$URL', authorization: 'Bearer $TOKEN' };

/** The names of headers as specifications write them. */
const titled = (name: string): string =>
  name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase()).replace(/^Mcp-P/, 'MCP-P');

function curl(
  { url, authorization }: CurlTarget,
  { headers, body }: McpRequest,
  options = '-s',
  more: readonly string[] = [],
): string {
  const fixed = Object.entries(headers).map(([name, value]) => `-H '${titled(name)}: ${value}'`);
  return [
    `curl ${options} "${url}" -H "Authorization: ${authorization}"`,
    ...fixed,
    ...more.map((header) => `-H "${header}"`),
    `-d '${body}'`,
  ].join(' \\\n  ');
}

/** One call of revision 2026-07-28. */
export const modernCurl = (
  target: CurlTarget,
  method: string,
  params: Readonly<Record<string, unknown>> = {},
): string => curl(target, modernRequest(CLIENT, method, params));

/**
 * A conversation of a legacy revision: it begins with `initialize`, and repeats the session id of
 * that answer. curl sends no header for an empty SESSION.
 */
export function legacyCurls(target: CurlTarget, revision: string, method: string): string {
  const session = ['Mcp-Session-Id: $SESSION'];
  const opening = curl(target, initializeRequest(CLIENT), '-s -o /dev/null -D -');
  return [
    `SESSION=$(${opening} |\n  tr -d '\\r' | awk 'tolower($1) == "mcp-session-id:" { print $2 }')`,
    curl(target, legacyRequest('notifications/initialized', {}, revision), '-s', session),
    curl(target, legacyRequest(method, {}, revision), '-s', session),
  ].join('\n');
}
