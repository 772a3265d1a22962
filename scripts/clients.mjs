// Proves that clients of other projects log in through the gateway, with its URL only.
//
// The clients are mcp-remote and the MCP Inspector, with registration and PKCE. This script plays
// the browser. It needs `npm run build` before it.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { exitOnSignals, startChild } from '../test/fixtures/child.js';
import { gatewayMain, leasePort } from '../test/fixtures/launch.js';
import { withDeadline } from '../test/fixtures/wait.js';
import { headless, prepareInspector, scratchOf, startParts } from './verify/client-parts.mjs';
import { install } from './verify/packages.mjs';

const MCP_REMOTE = ['mcp-remote', '0.15.1'];
const RUN_MS = 60_000;
const TEXT = 'through the gate';

const home = scratchOf('clients');
const say = (line) => console.log(`- ${line}`);

/**
 * Plays the browser: reads the output of a client, follows the first authorization URL in it, and
 * brings the code to the address where the client waits.
 */
function playBrowser(issuer) {
  const seen = { text: '', logins: 0, error: undefined };
  const visit = async (address) => {
    const { followAuthorization } = await import('../compiled/commands/demo/scripted-login.js');
    const back = await followAuthorization(
      address,
      new URL(address).searchParams.get('redirect_uri'),
    );
    await (await fetch(back, { signal: AbortSignal.timeout(10_000) })).text();
  };
  const read = (chunk) => {
    seen.text += chunk;
    const address = new RegExp(`${issuer}/\\S*[?&]redirect_uri=\\S+(?=\\s)`).exec(seen.text)?.[0];
    if (address === undefined || seen.logins > 0) return;
    seen.logins += 1;
    visit(address).catch((error) => {
      seen.error = error;
    });
  };
  return { seen, read };
}

/** A home of its own for each run: with a stored login the client would not log in. */
function emptyHome(name) {
  const folder = join(home, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Runs mcp-remote as it is meant to be used: as the server of a client that speaks stdio. */
async function mcpRemote({ url, issuer }) {
  await install(home, [MCP_REMOTE], say);
  say(`mcp-remote ${MCP_REMOTE[1]} on Node ${process.versions.node}`);
  const program = join(home, 'node_modules', 'mcp-remote', 'dist', 'proxy.js');
  const args = [
    program,
    url,
    String((await leasePort()).port),
    '--host',
    '127.0.0.1',
    '--transport',
    'http-only',
  ];
  const env = headless(emptyHome('mcp-remote-home'));
  const transport = new StdioClientTransport({
    command: process.execPath,
    args,
    env,
    cwd: home,
    stderr: 'pipe',
  });
  const { seen, read } = playBrowser(issuer);
  transport.stderr.setEncoding('utf8').on('data', read);
  const client = new Client({ name: 'clients', version: '0' });
  try {
    await withDeadline('mcp-remote', client.connect(transport, { timeout: RUN_MS }), RUN_MS);
    const { content } = await client.callTool({ name: 'echo', arguments: { text: TEXT } });
    return { text: content[0]?.text, logins: seen.logins, shown: seen.text };
  } catch (error) {
    return { text: String(seen.error ?? error), logins: seen.logins, shown: seen.text };
  } finally {
    await client.close().catch(() => {});
  }
}

/** Runs the command line of the Inspector for one call. */
async function inspector({ url, issuer }, era) {
  const { command, args } = await prepareInspector(say);
  const callback = `http://127.0.0.1:${(await leasePort()).port}/oauth/callback`;
  const call = ['--method', 'tools/call', '--tool-name', 'echo', '--tool-arg', `text=${TEXT}`];
  const own = [
    url,
    '--transport',
    'http',
    '--callback-url',
    callback,
    '--protocol-era',
    era,
    ...call,
  ];
  // Without a terminal it logs in only if it may open a browser. The one it finds does nothing.
  const env = { ...headless(emptyHome('inspector-home')), MCP_AUTO_OPEN_ENABLED: 'true' };
  const { seen, read } = playBrowser(issuer);
  let out = '';
  const onText = (text, from) => {
    if (from === 'err') read(text);
    else out += text;
  };
  const child = startChild(command, [...args, ...own], { cwd: home, env, onText });
  try {
    await withDeadline('the Inspector', child.exited, RUN_MS);
    // Its other lines of output come before the result.
    return {
      text: JSON.parse(out.slice(out.indexOf('{'))).content?.[0]?.text,
      logins: seen.logins,
      shown: out + seen.text,
    };
  } catch (error) {
    return { text: String(seen.error ?? error), logins: seen.logins, shown: out + seen.text };
  } finally {
    await child.end();
  }
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
      if (!fine)
        console.log(
          `    ${text}\n${shown.replace(/(code|state|token)=[^&\s]+/g, '$1=...').replace(/^/gm, '    ')}`,
        );
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
