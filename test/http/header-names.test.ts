// Header names in lower case, by whatever short cut: the same as spelling them letter by letter.
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
])('%s (B-54)', (name) => {
  expect(lowerCase(name)).toBe(name.toLowerCase());
});
