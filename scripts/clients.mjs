// Proves that clients of other projects log in through the gateway, with its URL only.
//
// The clients are mcp-remote and the MCP Inspector, with registration and PKCE. This script plays
// the browser. It needs `npm run build` before it.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { exitOnSignals } from '../test/fixtures/child.js';
import { gatewayMain } from '../test/fixtures/launch.js';
import { scratchOf, startParts } from './verify/client-parts.mjs';
import { emptyHome, prepareCalls, withoutSecrets, withRemote } from './verify/login-clients.mjs';

const TEXT = 'through the gate';

const home = scratchOf('clients');
const say = (line) => console.log(`- ${line}`);

const mcpRemote = (parts) =>
  withRemote({ ...parts, home, say }, (call) => call('echo', { text: TEXT }));

async function inspector(parts, era) {
  const own = emptyHome(join(home, 'inspector-home'));
  const call = await prepareCalls({ ...parts, home: own, say });
  return call(era, 'echo', `text=${TEXT}`);
}

const spokeModern = ({ headerNames }) => headerNames.includes('mcp-method');

/** Title, the run, and a condition that holds for every request that reached the MCP server. */
const RUNS = [
  ['mcp-remote', mcpRemote, () => true],
  [
    'the Inspector, legacy revision',
    (parts) => inspector(parts, 'legacy'),
    (request) => !spokeModern(request),
  ],
  ['the Inspector, revision 2026-07-28', (parts) => inspector(parts, 'modern'), spokeModern],
];

/** Resolves with the number of clients that went wrong. */
async function prove() {
  const opened = [];
  let wrong = 0;
  mkdirSync(home, { recursive: true });
  try {
    const parts = await startParts(home, opened);
    for (const [title, run, right] of RUNS) {
      const before = parts.upstream.seen.length;
      const { text, logins, shown } = await run(parts);
      const reached = parts.upstream.seen.slice(before);
      const fine = text === TEXT && logins === 1 && reached.length > 0 && reached.every(right);
      say(
        `${title}: ${fine ? 'logged in and called a tool' : 'WRONG'} (logins: ${logins}; requests at the MCP server: ${reached.length})`,
      );
      if (!fine) console.log(`    ${text}\n${withoutSecrets(shown).replace(/^/gm, '    ')}`);
      wrong += fine ? 0 : 1;
    }
  } finally {
    for (const close of opened.reverse()) await close();
  }
  return wrong;
}

if (!existsSync(gatewayMain)) {
  console.error('dist/main.js is missing: run `npm run build` first');
  process.exit(1);
}
exitOnSignals();
const wrong = await prove();
console.log(wrong === 0 ? 'the clients log in through the gateway' : `the clients: ${wrong} WRONG`);
process.exitCode = wrong === 0 ? 0 : 1;
