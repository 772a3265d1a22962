// Proves that the MCP Inspector, a client of another project, works through the gateway.
//
// It needs `npm run build` before it.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { exitOnSignals, startChild } from '../test/fixtures/child.js';
import { cleanEnvironment, gatewayMain } from '../test/fixtures/launch.js';
import { withDeadline } from '../test/fixtures/wait.js';
import { prepareInspector, scratchOf, startParts } from './verify/client-parts.mjs';

const RUN_MS = 60_000;
const TOOLS = ['add', 'echo', 'whoami'];
const TEXT = 'through the gate';

const home = scratchOf('inspector');
const say = (line) => console.log(`- ${line}`);

/** Returns a function that runs the Inspector's command line. */
async function prepare() {
  const { home, command, args } = await prepareInspector(say);
  // Its catalog and its stored logins are not those of the person who runs this.
  const HOME = join(home, 'home');
  mkdirSync(HOME, { recursive: true });
  const env = { ...cleanEnvironment(), HOME, NO_COLOR: '1' };
  return (own) => runToEnd(command, [...args, ...own], env);
}

/** Its exit code and output. */
async function runToEnd(node, args, env) {
  const output = { out: '', err: '' };
  const onText = (text, from) => {
    output[from] += text;
  };
  const child = startChild(node, args, { cwd: home, env, onText });
  try {
    const { code } = await withDeadline('the Inspector', child.exited, RUN_MS);
    return { code, ...output };
  } finally {
    await child.end();
  }
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

/** A valid token with a wrong signature. */
const forged = (token) => token.replace(/[^.]+$/, (signature) => [...signature].reverse().join(''));

/**
 * Every run: its title, its arguments, and the check of its result. `seen` has the requests that
 * reached the MCP server.
 */
function checks(token) {
  const bearer = (value) => ['--header', `Authorization: Bearer ${value}`];
  const list = ['--method', 'tools/list'];
  const echo = ['--method', 'tools/call', '--tool-name', 'echo', '--tool-arg', `text=${TEXT}`];
  const modern = ['--protocol-era', 'modern'];
  // Without this flag it would open a browser for the login.
  const noLogin = ['--stored-auth-only'];
  const passed = (right) => (run, seen) =>
    run.code === 0 && seen.length > 0 && right(parsed(run.out));
  const inModern = (right) => (run, seen) =>
    passed(right)(run, seen) && seen.every(({ headerNames }) => headerNames.includes('mcp-method'));
  const rejected = (run, seen) =>
    run.code !== 0 && seen.length === 0 && parsed(run.err).error?.code === 'auth_required';
  return [
    ['tools/list', [...list, ...bearer(token)], passed(listed)],
    ['tools/call echo', [...echo, ...bearer(token)], passed(echoed)],
    ['tools/list in revision 2026-07-28', [...list, ...modern, ...bearer(token)], inModern(listed)],
    [
      'tools/call echo in revision 2026-07-28',
      [...echo, ...modern, ...bearer(token)],
      inModern(echoed),
    ],
    ['rejected without a token', [...list, ...noLogin], rejected],
    ['rejected with a forged token', [...list, ...noLogin, ...bearer(forged(token))], rejected],
  ];
}

/** The output of a run, without the token. */
const shown = ({ out, err }, token) =>
  `${out}${err}`.replaceAll(token, '[token]').trim().replace(/^/gm, '    ');

/** Resolves with the number of runs that went wrong. */
async function prove() {
  const inspect = await prepare();
  const opened = [];
  let wrong = 0;
  try {
    const { url, upstream, token: mint } = await startParts(home, opened);
    const token = await mint();
    for (const [title, args, right] of checks(token)) {
      const before = upstream.seen.length;
      const run = await inspect([url, '--transport', 'http', ...args]);
      const seen = upstream.seen.slice(before);
      const fine = right(run, seen);
      say(
        `${title}: ${fine ? 'right' : 'WRONG'} (exit code ${run.code}; requests that reached the MCP server: ${seen.length})`,
      );
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
exitOnSignals();
const wrong = await prove();
console.log(
  wrong === 0 ? 'the Inspector works through the gateway' : `the Inspector: ${wrong} WRONG`,
);
process.exitCode = wrong === 0 ? 0 : 1;
