// Installs the official conformance suite, with a Node 22 for it, beside the project. Runs it, and
// reads its results.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { install, nodeFolder, nodeRelease } from '../scripts/verify/packages.mjs';
import { runToEnd } from '../test/fixtures/child.js';

const SUITE = '@modelcontextprotocol/conformance';
export const SUITE_VERSION = '0.2.0-alpha.12';
const NODE_VERSION = '22.23.3';
const RUN_MS = 600_000;
const PROGRESS_EVERY = 10;

/** Makes sure that the suite and its Node are in `home`; returns the paths to run it. */
export async function prepareSuite(home, say) {
  const ownNode = Number(process.versions.node.split('.')[0]) >= 22;
  const packages = [[SUITE, SUITE_VERSION], ...(ownNode ? [] : [nodeRelease(NODE_VERSION)])];
  await install(home, packages, say);
  const binary = process.platform === 'win32' ? 'node.exe' : 'node';
  return {
    node: ownNode ? process.execPath : join(nodeFolder(home), binary),
    script: join(home, 'node_modules', SUITE, 'dist', 'index.js'),
    requirements: join(home, 'node_modules', SUITE, 'requirements'),
  };
}

/** The server scenarios of a revision: those that count, and those that run without a score. */
export function requiredScenarios(suite, revision) {
  const { server, not_scored: others } = parse(
    readFileSync(join(suite.requirements, `${revision}.yaml`), 'utf8'),
  );
  return {
    scored: server,
    notScored: others.filter(({ leg }) => leg === 'server').map(({ scenario }) => scenario),
  };
}

/** Scenario name to checks, from the folders `<kind>-<scenario>-<time>` that the suite writes. */
function readResults(folder, kind) {
  const results = new Map();
  const form = new RegExp(`^${kind}-(.+)-\\d{4}-\\d{2}-\\d{2}T[\\d-]+Z$`);
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const scenario = form.exec(name)?.[1];
    const file = join(folder, name, 'checks.json');
    if (scenario !== undefined && existsSync(file))
      results.set(scenario, JSON.parse(readFileSync(file, 'utf8')));
  }
  return results;
}

/**
 * Runs every server scenario that the revision requires against a URL.
 * @returns {Promise<{ code: number | null, results: Map<string, object[]>, seconds: number }>}
 */
export async function runSuite(suite, { url, revision, folder, logFile, label, say }) {
  rmSync(folder, { recursive: true, force: true });
  let scenarios = 0;
  const onLine = (line) => {
    if (!line.startsWith('=== Running scenario:')) return;
    scenarios += 1;
    if (scenarios % PROGRESS_EVERY === 0) say(`${label}: ${scenarios} scenarios`);
  };
  const args = [
    suite.script,
    'server',
    '--url',
    url,
    '--requirements',
    revision,
    '--output-dir',
    folder,
  ];
  const started = performance.now();
  const code = await runToEnd(RUN_MS, suite.node, args, {
    cwd: join(folder, '..'),
    logFile,
    onLine,
  });
  return {
    code,
    results: readResults(folder, 'server'),
    seconds: (performance.now() - started) / 1000,
  };
}

/** The names of all scenarios for servers and for authorization servers. */
export async function listScenarios(suite) {
  const lists = { server: [], authorization: [] };
  for (const [kind, names] of Object.entries(lists)) {
    const onLine = (line) => {
      const name = /^ {2}- (\S+)/.exec(line)?.[1];
      if (name !== undefined) names.push(name);
    };
    const code = await runToEnd(RUN_MS, suite.node, [suite.script, 'list', `--${kind}`], {
      onLine,
    });
    if (code !== 0) throw new Error(`the list of the suite ended with ${code}`);
  }
  return lists;
}

/**
 * Runs the scenarios for authorization servers against the one at `url`. The suite prints a URL for
 * a person, and waits at `port` for the code. Resolves to the checks of each scenario.
 */
export async function authorizationOf(suite, { url, resource, clientId, port, ...run }) {
  const { revision, folder, onLine } = run;
  rmSync(folder, { recursive: true, force: true });
  const own = ['--url', url, '--resource', resource, '--client-id', clientId];
  const args = [suite.script, 'authorization', ...own, '--port', String(port)];
  args.push('--spec-version', revision, '--output-dir', folder);
  const logFile = join(folder, '..', `${revision}.log`);
  await runToEnd(RUN_MS, suite.node, args, { cwd: join(folder, '..'), logFile, onLine });
  return readResults(folder, 'authorization-server');
}
