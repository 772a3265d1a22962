// Proves that the MCP Inspector, a client that we did not write, works through the gateway. Needs `npm run build` before it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stop, within } from '../conformance/child.mjs';
import { cleanEnvironment, endWithUs, gatewayMain, startGateway } from './verify/gateway.mjs';
import { install, nodeFolder, nodeRelease } from './verify/packages.mjs';

const INSPECTOR = ['@modelcontextprotocol/inspector', '2.12.0'];
/** What this release of the Inspector asks for in `engines`. */
const NEEDS = [22, 19];
const NODE = '22.23.3';
const RUN_MS = 60_000;
const SCOPE = 'demo:use';
const TOOLS = ['add', 'echo', 'whoami'];
const TEXT = 'through the gate';

const home = fileURLToPath(new URL('../.scratch/inspector/', import.meta.url));
const say = (line) => console.log(`- ${line}`);

/** Installs the Inspector, and a Node for it where this one is too old; gives a function that runs its command line. */
async function prepare() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const own = major > NEEDS[0] || (major === NEEDS[0] && minor >= NEEDS[1]);
  await install(home, own ? [INSPECTOR] : [INSPECTOR, nodeRelease(NODE)], say);
  const node = own ? process.execPath : join(nodeFolder(home), 'node');
  const launcher = join(home, 'node_modules', INSPECTOR[0], 'clients', 'launcher', 'build', 'index.js');
  // Its catalog and its stored logins are not those of the person who runs this.
  const HOME = join(home, 'home');
  mkdirSync(HOME, { recursive: true });
  const env = { ...cleanEnvironment(), HOME, NO_COLOR: '1' };
  say(`Inspector ${INSPECTOR[1]} on Node ${own ? process.versions.node : NODE}`);
  return (args) => runToEnd(node, [launcher, '--cli', ...args], env);
}

/** Its exit code and output. */
async function runToEnd(node, args, env) {
  const child = endWithUs(spawn(node, args, { cwd: home, env, stdio: ['ignore', 'pipe', 'pipe'] }));
  const output = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    output.err += text;
  });
  const exited = once(child, 'close');
  exited.catch(() => {});
  try {
    const [code] = await within(RUN_MS, 'the Inspector', exited);
    return { code, ...output };
  } finally {
    await stop({ child, exited });
  }
}

/** The real parts: identity provider and MCP server of the demo in this process, the gateway as a process before them. */
async function startParts(opened) {
  const { startIdp } = await import('../dist/commands/demo/idp.js');
  const { startDemoUpstream } = await import('../dist/commands/demo/upstream.js');
  const idp = await startIdp({ scopes: [SCOPE], tokenTtl: 600 });
  opened.push(() => idp.stop());
  const upstream = await startDemoUpstream();
  opened.push(() => upstream.stop());
  const logFile = join(home, 'gateway.log');
  const gateway = await startGateway({ upstream: upstream.url, issuer: idp.issuer, scope: SCOPE, logFile });
  opened.push(gateway.stop);
  idp.addResource(gateway.url, 'jwt');
  return { url: gateway.url, upstream, token: await idp.token({ resource: gateway.url, scope: SCOPE }) };
}

const echoed = (answer) => answer.content?.length === 1 && answer.content[0].text === TEXT;
const listed = ({ tools }) =>
  tools
    ?.map(({ name }) => name)
    .sort()
    .join() === TOOLS.join();

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** The signature of a good token, spoilt. */
const forged = (token) => token.replace(/[^.]+$/, (signature) => [...signature].reverse().join(''));

/** Every run: its title, its arguments, and whether its result is right. `seen` are the requests that reached the MCP server. */
function checks(token) {
  const bearer = (value) => ['--header', `Authorization: Bearer ${value}`];
  const list = ['--method', 'tools/list'];
  const echo = ['--method', 'tools/call', '--tool-name', 'echo', '--tool-arg', `text=${TEXT}`];
  const modern = ['--protocol-era', 'modern'];
  // Without this flag it would want to open a browser for the login.
  const noLogin = ['--stored-auth-only'];
  const passed = (right) => (run, seen) => run.code === 0 && seen.length > 0 && right(parsed(run.out));
  const inModern = (right) => (run, seen) =>
    passed(right)(run, seen) && seen.every(({ headerNames }) => headerNames.includes('mcp-method'));
  const refused = (run, seen) => run.code !== 0 && seen.length === 0 && parsed(run.err).error?.code === 'auth_required';
  return [
    ['tools/list', [...list, ...bearer(token)], passed(listed)],
    ['tools/call echo', [...echo, ...bearer(token)], passed(echoed)],
    ['tools/list in revision 2026-07-28', [...list, ...modern, ...bearer(token)], inModern(listed)],
    ['tools/call echo in revision 2026-07-28', [...echo, ...modern, ...bearer(token)], inModern(echoed)],
    ['refused without a token', [...list, ...noLogin], refused],
    ['refused with a forged token', [...list, ...noLogin, ...bearer(forged(token))], refused],
  ];
}

/** What to show of a run: never the token. */
const shown = ({ out, err }, token) => `${out}${err}`.replaceAll(token, '[token]').trim().replace(/^/gm, '    ');

/** Resolves with the number of runs that went wrong. */
async function prove() {
  const inspect = await prepare();
  const opened = [];
  let wrong = 0;
  try {
    const { url, upstream, token } = await startParts(opened);
    for (const [title, args, right] of checks(token)) {
      const before = upstream.seen.length;
      const run = await inspect([url, '--transport', 'http', ...args]);
      const seen = upstream.seen.slice(before);
      const fine = right(run, seen);
      say(`${title}: ${fine ? 'right' : 'WRONG'} (exit code ${run.code}; requests that reached the MCP server: ${seen.length})`);
      if (!fine) console.log(shown(run, token));
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
const wrong = await prove();
console.log(wrong === 0 ? 'the Inspector works through the gateway' : `the Inspector: ${wrong} WRONG`);
process.exitCode = wrong === 0 ? 0 : 1;
