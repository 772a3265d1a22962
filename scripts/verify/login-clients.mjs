// Runs clients of other projects that log in by themselves: mcp-remote, and the command line of the
// MCP Inspector. Their browser is played here.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { startChild } from '../../test/fixtures/child.js';
import { leasePort } from '../../test/fixtures/launch.js';
import { withDeadline } from '../../test/fixtures/wait.js';
import { headless, prepareInspector } from './client-parts.mjs';
import { install } from './packages.mjs';
import { logIn } from './person.mjs';

const MCP_REMOTE = ['mcp-remote', '0.15.1'];
const RUN_MS = 60_000;
const CALL_MS = 15_000;

/**
 * Reads the output of a client, follows each authorization URL in it once, and brings the code to
 * the address where the client waits.
 */
export function playBrowser(issuer) {
  const seen = { text: '', logins: 0, error: undefined };
  const visited = new Set();
  const visit = async (address) => {
    const back = await logIn(address);
    await (await fetch(back, { signal: AbortSignal.timeout(10_000) })).text();
  };
  const read = (chunk) => {
    seen.text += chunk;
    const addresses = new RegExp(`${issuer}/\\S*[?&]redirect_uri=\\S+(?=\\s)`, 'g');
    for (const [address] of seen.text.matchAll(addresses)) {
      if (visited.has(address)) continue;
      visited.add(address);
      seen.logins += 1;
      visit(address).catch((error) => {
        seen.error = error;
      });
    }
  };
  return { seen, read };
}

/** A home of its own for each run: with a stored login the client would not log in. */
export function emptyHome(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The output of a client, without what a reader may not see. */
export const withoutSecrets = (text) => text.replace(/(code|state|token)=[^&\s]+/g, '$1=...');

/**
 * Runs mcp-remote as it is meant to be used: as the server of a client that speaks stdio. `work`
 * gets a function that calls a tool and resolves to its text.
 */
export async function withRemote({ url, issuer, home, say }, work) {
  await install(home, [MCP_REMOTE], say);
  say(`mcp-remote ${MCP_REMOTE[1]} on Node ${process.versions.node}`);
  const program = join(home, 'node_modules', 'mcp-remote', 'dist', 'proxy.js');
  const { port } = await leasePort();
  const own = [url, String(port), '--host', '127.0.0.1', '--transport', 'http-only'];
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [program, ...own],
    env: headless(emptyHome(join(home, 'mcp-remote-home'))),
    cwd: home,
    stderr: 'pipe',
  });
  const { seen, read } = playBrowser(issuer);
  transport.stderr.setEncoding('utf8').on('data', read);
  const client = new Client({ name: 'clients', version: '0' });
  const call = async (name, args = {}) => {
    const options = { timeout: CALL_MS };
    const { content } = await client.callTool({ name, arguments: args }, undefined, options);
    return content[0]?.text;
  };
  try {
    await withDeadline('mcp-remote', client.connect(transport, { timeout: RUN_MS }), RUN_MS);
    return { text: await work(call, seen), logins: seen.logins, shown: seen.text };
  } catch (error) {
    return { text: String(seen.error ?? error), logins: seen.logins, shown: seen.text };
  } finally {
    await client.close().catch(() => {});
  }
}

/**
 * Returns a function that runs the command line of the Inspector for one call. `home`: where it
 * stores its login. `era`: legacy or modern.
 */
export async function prepareCalls({ url, issuer, home, say }) {
  const { command, args } = await prepareInspector(say);
  // Without a terminal it logs in only if it may open a browser. The one it finds does nothing.
  const env = {
    ...headless(home),
    MCP_AUTO_OPEN_ENABLED: 'true',
    MCP_INSPECTOR_SECRET_STORE: 'file',
  };
  return async (era, name, ...toolArgs) => {
    const callback = `http://127.0.0.1:${(await leasePort()).port}/oauth/callback`;
    const own = [
      ...[url, '--transport', 'http', '--callback-url', callback, '--protocol-era', era],
      ...['--method', 'tools/call', '--tool-name', name],
      ...toolArgs.flatMap((one) => ['--tool-arg', one]),
    ];
    const { seen, read } = playBrowser(issuer);
    let out = '';
    const onText = (text, from) => {
      if (from === 'err') read(text);
      else out += text;
    };
    const child = startChild(command, [...args, ...own], { cwd: home, env, onText });
    const result = (text) => ({ text, logins: seen.logins, shown: out + seen.text });
    try {
      await withDeadline('the Inspector', child.exited, RUN_MS);
      // Its other lines of output come before the result.
      return result(JSON.parse(out.slice(out.indexOf('{'))).content?.[0]?.text);
    } catch (error) {
      return result(String(seen.error ?? error));
    } finally {
      await child.end();
    }
  };
}
