// Header names in lower case: the table gives the same as toLowerCase.
import { expect, test } from 'vitest';
import { lowerCase } from '../../src/http/header-names.js';

test.each([
  'Authorization',
  'authorization',
  'AUTHORIZATION',
  'aUTHORIZATION',
  'Content-Type',
  'CONTENT-TYPE',
  'MCP-Protocol-Version',
  'Mcp-Protocol-Version',
  'mCP-protocol-version',
  'Mcp-Param-Region',
  'MCP-Param-X',
  'X-Api-Key',
  'x_api_key',
  'ETag',
  'DNT',
  'Host',
  'hOST',
  'Connection',
  'Transfer-Encoding',
  'constructor',
  '__proto__',
  'X',
  '',
])('%j is in lower case (B-54)', (name) => {
  expect(lowerCase(name)).toBe(name.toLowerCase());
});
