// Runs each example in a real shell, and compares what it prints.
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { runShell } from '../support/printed-commands.js';

/** How lines of each run begin, in their order. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  'token-pass-through': [
    'An old client sends the secret that the MCP server knows.',
    '  status: 200',
    '  sunset: ',
    '  answer: the server received "Token" and its secret, no X-Api-Key',
    'Another secret reaches the MCP server too',
    '  status: 401',
    '  www-authenticate: Bearer ',
    'A client without a credential',
    '  status: 401',
  ],
  'shared-secret': [
    'A client sends the shared secret',
    '  status: 200',
    '  answer: the server received "Bearer" and its secret, no X-Api-Key',
    'Another secret gets 401',
    '  status: 401',
    'The gateway rejects a client that sends the secret of the MCP server',
    '  status: 401',
  ],
  'api-keys-two-tenants': [
    'Acme may write',
    '  status: 200',
    '  answer: the server wrote the file',
    'Globex may read',
    '  status: 200',
    '  sunset: ',
    '  answer: the server received no Authorization, no X-Api-Key',
    'Globex may not write',
    '  status: 403',
    'An unknown key',
    '  status: 401',
    'The operator removes the line of Acme',
    '  status: 401',
    '  status: 200',
  ],
  'two-hosts': [
    'Alice of Acme calls mcp.acme.example',
    '  status: 200',
    'Alice of Globex',
    '  status: 200',
    '  status: 200',
    'The token of Acme does not work at Globex',
    '  status: 401',
    '  www-authenticate: Bearer ',
    'No endpoint has this host',
    '  status: 421',
    '  answer: No MCP server under this host name',
  ],
  bridge: [
    'The user fills the form',
    '  client id: files-connector',
    'The client calls the MCP server',
    '  1. POST without a token: 401',
    '  2. The metadata names the authorization server http://127.0.0.1:',
    '  3. Its token endpoint is http://127.0.0.1:',
    '  4. There it gets a token for 3600 seconds (scope: files:read)',
    '  5. With the token it calls a tool',
    '  status: 200',
    '  answer: the server received no Authorization, no X-Api-Key',
    'With a wrong client secret',
    '  4. There it gets 401 invalid_client',
    'With a wrong client id',
    '  4. There it gets 401 invalid_client',
  ],
  'whoami-identity': [
    'Alice calls http://127.0.0.1:',
    '  status: 200',
    '  answer: you are alice, with example-client; your key is {"format":"iss_sub","iss":"http://127.0.0.1:',
    'Bob has the same client',
    '  status: 200',
    '  answer: you are bob, with example-client; your key is {"format":"iss_sub","iss":"http://127.0.0.1:',
    'Without the gateway',
    '  status: 401',
  ],
  'whoami-exchange': [
    'Alice calls http://127.0.0.1:',
    '  status: 200',
    '  answer: you are alice, with a token for files-backend',
    'Bob is another user',
    '  answer: you are bob, with a token for files-backend',
    'Without the gateway',
    '  status: 401',
  ],
  'whoami-headers': [
    'Alice of Acme calls http://127.0.0.1:',
    '  status: 200',
    '  answer: you are alice of acme',
    'Bob has no tenant',
    '  answer: you are bob of no tenant',
    'Bob also sends headers that say he is Alice of Acme',
    '  answer: you are bob of no tenant',
    'He sends them to the server itself',
    '  status: 401',
  ],
};

/** The scripts need a POSIX shell with these tools. */
const hasShell = spawnSync('sh', ['-c', 'mktemp -u && sed -n 1p /dev/null && sleep 0.01']).status === 0;

describe.runIf(hasShell)('each answer is the expected one', () => {
  test.each(Object.entries(EXAMPLES))('%s', { timeout: 60_000 }, async (name, starts) => {
    const { code, output } = await runShell(`sh examples/${name}/run.sh`);
    const lines = output.split('\n');
    let at = 0;
    for (const start of starts) {
      const found = lines.findIndex((line, index) => index >= at && line.startsWith(start));
      expect(found, `"${start}" in:\n${output}`).toBeGreaterThanOrEqual(at);
      at = found + 1;
    }
    expect(lines.at(-1)).toBe('All as expected.');
    expect(code).toBe(0);
    // All that the script started has ended with it.
    const [gateway = ''] = output.match(/http:\/\/127\.0\.0\.1:\d+/) ?? [];
    await expect(fetch(`${gateway}/healthz`)).rejects.toThrow('fetch failed');
  });
});
