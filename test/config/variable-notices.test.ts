// Notices of the start name variables where the operator wrote variables instead of a file.
import { expect, test } from 'vitest';
import { variableNotice } from '../../src/config/environment-variables.js';
import { loadEnvironment } from '../../src/config/load.js';
import { startNotices } from '../../src/config/start-notices.js';
import { NEEDED, prefixed, type Variables } from '../support/variables.js';

const noticesOf = (variables: Variables): unknown[] =>
  startNotices(loadEnvironment(prefixed({ ...NEEDED, ...variables }))).map((notice) => variableNotice(notice).detail);

test.each<[string, Variables, string]>([
  [
    'a credential without a scheme',
    { UPSTREAM_AUTHORIZATION: 's3cret' },
    'PORTCULLIS_UPSTREAM_AUTHORIZATION is the whole value of the header, and has no scheme. ' +
      'Write the scheme into the variable, such as Bearer and a space before the token',
  ],
  [
    'an upstream without a path',
    { UPSTREAM: 'http://10.0.0.5:3000' },
    'the upstream http://10.0.0.5:3000 has no path, and most MCP servers serve /mcp: write ' +
      'PORTCULLIS_UPSTREAM=http://10.0.0.5:3000/mcp. For a server at the root write http://10.0.0.5:3000/',
  ],
  [
    'an audience with a slash',
    { AUDIENCE: 'https://mcp.example.com/mcp/' },
    'audience has https://mcp.example.com/mcp/, and not the resource https://mcp.example.com/mcp: only the slash at ' +
      'the end differs, and the gateway rejects tokens for the resource. Remove PORTCULLIS_AUDIENCE, or write ' +
      'PORTCULLIS_AUDIENCE="https://mcp.example.com/mcp,https://mcp.example.com/mcp/"',
  ],
])('%s', (_title, variables, detail) => {
  expect(noticesOf(variables)).toEqual([detail]);
});

test('the key of the sessions', () => {
  const detail = 'sessionKeys is not configured: a. Write sessionKeys; create keys';
  expect(variableNotice({ event: 'session.key_drawn', level: 'warn', detail }).detail).toBe(
    'PORTCULLIS_SESSION_KEYS is not set: a. Set PORTCULLIS_SESSION_KEYS; create keys',
  );
});

test('a notice without a detail stays as it is', () => {
  expect(variableNotice({ event: 'x', level: 'info' })).toEqual({ event: 'x', level: 'info' });
});
