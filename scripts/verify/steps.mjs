// The list of the long checks, in order, each with its time limit.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheOf } from './cache.mjs';
import { deploySteps } from './deploy-steps.mjs';
import { install, nodeFolder, nodeRelease } from './packages.mjs';

/** The newest release that the project is checked on. The oldest one runs this script. */
const NEWER_NODE = '24.21.0';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const scratch = join(root, '.scratch');

const TESTS = /^ *Tests +(.*)$/m;
const DEMO = ['run', 'demo', '--', '--once'];

/** Installs the newer Node release and returns its folder. */
async function newerNode(shell) {
  const home = join(scratch, 'node24');
  await install(home, [nodeRelease(NEWER_NODE)], shell.say);
  return nodeFolder(home);
}

/** The steps of a new user: clone, install, one command. The clone has only committed files. */
async function fromClone(shell, args, node) {
  const cwd = mkdtempSync(join(tmpdir(), 'portcullis-clone-'));
  const options = { cwd, nodeFolder: node };
  const remove = () => rmSync(cwd, { recursive: true, force: true, maxRetries: 5 });
  process.on('exit', remove);
  try {
    await shell.run('git', ['clone', '--quiet', root, cwd]);
    await shell.run('node', ['--version'], options);
    await shell.run('npm', ['install'], options);
    await shell.run('npm', args, options);
  } finally {
    remove();
    process.off('exit', remove);
  }
}

/**
 * `note` finds in the log the line for the summary. A step with `onlyIfNamed` runs only if the user
 * names it.
 */
export const steps = [
  {
    name: 'types',
    what: 'npm run types',
    minutes: 5,
    run: (shell) => shell.run('npm', ['run', 'types']),
  },
  {
    name: 'lint',
    what: 'npm run lint',
    minutes: 5,
    note: /^(Checked .*)$/m,
    run: (shell) => shell.run('npm', ['run', 'lint']),
  },
  {
    name: 'test',
    what: 'npm test',
    minutes: 15,
    note: TESTS,
    run: (shell) => shell.run('npm', ['test']),
  },
  {
    name: 'test-rest',
    what: 'npm run test:rest',
    minutes: 15,
    note: TESTS,
    run: (shell) => shell.run('npm', ['run', 'test:rest']),
  },
  {
    name: 'mutation',
    what: 'each rejection of the rooms that decide about trust dropped in turn: some test must fail',
    minutes: 40,
    note: /^(all \d+ drops.*|\d+ of \d+ SURVIVED)$/m,
    run: (shell) => shell.run('node', ['scripts/mutation.mjs']),
  },
  {
    name: 'fuzz',
    what: 'a million bodies: the reader and a strict reference agree, or it rejects',
    minutes: 20,
    note: /^(seed \d+: \d+ bodies .*)$/m,
    run: (shell) => shell.run('node', ['scripts/fuzz.mjs']),
  },
  {
    name: 'demo',
    what: 'node dist/main.js demo --once',
    minutes: 3,
    run: (shell) => shell.run('node', ['dist/main.js', 'demo', '--once']),
  },
  {
    name: 'conformance',
    what: 'the official MCP suite, directly and through the gateway',
    minutes: 20,
    note: /^((?:same result|DIFFERENT).*)$/m,
    run: (shell) => shell.run('node', ['conformance/run.mjs']),
  },
  {
    name: 'conformance-workers',
    what: 'the same through a gateway with two workers',
    minutes: 20,
    note: /^((?:same result|DIFFERENT).*)$/m,
    run: (shell) => shell.run('node', ['conformance/run.mjs', '--workers']),
  },
  {
    name: 'conformance-facade',
    what: 'the scenarios of the official MCP suite for authorization servers, against the facade',
    minutes: 10,
    note: /^(the facade (?:passes|DOES).*)$/m,
    run: (shell) => shell.run('node', ['conformance/authorization.mjs']),
  },
  {
    name: 'inspector',
    what: 'the MCP Inspector through the gateway',
    minutes: 15,
    note: /^(the Inspector.*)$/m,
    run: (shell) => shell.run('node', ['scripts/inspector.mjs']),
  },
  {
    name: 'clients',
    what: 'mcp-remote and the MCP Inspector log in through the gateway',
    minutes: 15,
    note: /^(the clients.*)$/m,
    run: (shell) => shell.run('node', ['scripts/clients.mjs']),
  },
  {
    name: 'facade-clients',
    what: 'the TypeScript SDKs, mcp-remote and the Inspector log in through the facade, refresh and step up',
    minutes: 15,
    note: /^(the clients of the facade.*)$/m,
    run: async (shell) => {
      await shell.run('node', ['scripts/verify/sdks.mjs', '--scenario', 'facade', 'typescript']);
      await shell.run('node', ['scripts/verify/facade-clients.mjs']);
    },
  },
  {
    name: 'clone-demo',
    what: 'fresh clone: npm install && npm run demo -- --once',
    minutes: 15,
    run: (shell) => fromClone(shell, DEMO),
  },
  {
    name: 'clone-test',
    what: 'fresh clone: npm install && npm run test:all',
    minutes: 20,
    note: TESTS,
    run: (shell) => fromClone(shell, ['run', 'test:all']),
  },
  {
    name: 'clone-demo-24',
    what: `fresh clone on Node ${NEWER_NODE}: npm install && npm run demo -- --once`,
    minutes: 15,
    run: async (shell) => fromClone(shell, DEMO, await newerNode(shell)),
  },
  {
    name: 'clone-test-24',
    what: `fresh clone on Node ${NEWER_NODE}: npm install && npm run test:all`,
    minutes: 20,
    note: TESTS,
    run: async (shell) => fromClone(shell, ['run', 'test:all'], await newerNode(shell)),
  },
  {
    name: 'idps',
    what: 'the tokens of real identity providers, with docs/idps.md (only with --only idps)',
    minutes: 60,
    onlyIfNamed: true,
    note: /^(the identity providers: .*)$/m,
    run: (shell) => shell.run('node', ['scripts/idps.mjs', ...cacheOf('PORTCULLIS_IDPS_CACHE')]),
  },
  {
    name: 'sdks',
    what: 'clients and servers of real SDKs, directly and through the gateway (only with --only sdks)',
    minutes: 90,
    onlyIfNamed: true,
    note: /^(the SDKs: .*)$/m,
    run: (shell) =>
      shell.run('node', ['scripts/verify/sdks.mjs', ...cacheOf('PORTCULLIS_SDKS_CACHE')]),
  },
  {
    name: 'fronts',
    what: 'real web servers with the samples of docs/hosting.md (only with --only fronts)',
    minutes: 40,
    onlyIfNamed: true,
    note: /^(the fronts: .*)$/m,
    run: (shell) =>
      shell.run('node', [
        'scripts/verify/fronts.mjs',
        ...cacheOf('PORTCULLIS_FRONTS_CACHE'),
        ...(process.env.PORTCULLIS_FRONTS?.split(',') ?? []),
      ]),
  },
  {
    name: 'upstream',
    what: 'the servers of docs/upstream.md verify the identity JWT, also while its keys rotate',
    minutes: 15,
    note: /^(the servers of docs.*)$/m,
    run: (shell) => shell.run('node', ['scripts/verify/upstream.mjs']),
  },
  {
    name: 'redis',
    what: 'gateways share limits in a real Redis, which is killed under load',
    minutes: 10,
    note: /^(shared limits: .*)$/m,
    run: (shell) => shell.run('node', ['scripts/verify/redis.mjs']),
  },
  ...deploySteps,
  {
    name: 'bench',
    what: 'node bench/run.mjs --quick',
    minutes: 5,
    note: /^(gateway: .*)$/m,
    run: (shell) => shell.run('node', ['bench/run.mjs', '--quick']),
  },
];
