// The text for the log about a redirect of the upstream.
import { expect, test } from 'vitest';
import { redirectDetail } from '../../src/proxy/redirect-detail.js';

const UPSTREAM = 'http://10.0.0.5:3000/mcp?key=secret';

test.each<[string, string | string[], string]>([
  ['a slash more', '/mcp/', 'http://10.0.0.5:3000/mcp/'],
  ['a relative path', 'v2/mcp', 'http://10.0.0.5:3000/v2/mcp'],
  ['another host', 'https://mcp.internal.example/', 'https://mcp.internal.example/'],
  ['a host without a scheme', '//mcp.internal.example:444/x', 'http://mcp.internal.example:444/x'],
  ['the query of the upstream, which may have a key', '/mcp/?key=secret', 'http://10.0.0.5:3000/mcp/ with the same query'],
  ['another query, which may have secrets', '/login?state=secret', 'http://10.0.0.5:3000/login'],
  ['a user and a fragment', 'http://user:secret@10.0.0.6/mcp#secret', 'http://10.0.0.6/mcp'],
  ['a long path', `/${'x'.repeat(1_000)}`, `http://10.0.0.5:3000/${'x'.repeat(279)}`],
  ['letters beyond ASCII', '/\u00e9', 'http://10.0.0.5:3000/%C3%A9'],
])('names the target: %s (C-141)', (_what, location, target) => {
  expect(redirectDetail(307, location, UPSTREAM)).toBe(
    `redirect 307 to ${target}; if that is the MCP server, write this as upstream`,
  );
});

test.each<[string, string | string[] | undefined, string]>([
  ['absent', undefined, 'redirect 304 without a Location'],
  ['not a URL', 'http://', 'redirect 304 with an unreadable Location'],
  ['of another scheme', 'javascript:alert(1)', 'redirect 304 with an unreadable Location'],
  ['twice', ['/a', '/b'], 'redirect 304 with an unreadable Location'],
])('the Location is %s', (_what, location, text) => expect(redirectDetail(304, location, UPSTREAM)).toBe(text));
