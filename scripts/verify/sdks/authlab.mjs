// Lets the public scanner mcp-authlab grade the gateway: it must be A, and nothing may fail. Where
// it logs in by itself, through the facade, it may leave nothing out but TLS.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runToEnd } from '../../../test/fixtures/child.js';
import { cleanEnvironment } from '../../../test/fixtures/launch.js';
import { headless } from '../client-parts.mjs';
import { playBrowser } from '../login-clients.mjs';
import { READ } from './driver.mjs';
import { environment } from './python.mjs';

const VERSION = '0.2.2';
const LOGIN_MS = 60_000;
/** A resource of the issuer that is not the gateway. */
const OTHER = 'http://127.0.0.1:9/other/mcp';

const install = async (context) =>
  join(await environment(context, `mcp-authlab==${VERSION}`), 'bin', 'mcp-authlab');

/** Scans `url` and returns a result like that of a scenario. `isBad`: for each check. */
async function scan({ command, url, args, env, output, scenario, isBad }, context) {
  const all = ['scan', url, '--tool', 'write', ...args, '--format', 'json', '-o', output];
  // It ends with another code than 0 if it grades below its own limit: the report counts.
  await context
    .run(command, all, { env, minutes: 5 })
    .catch((error) => context.say(`  mcp-authlab: ${error.message}`));
  const { grade: letter, results } = JSON.parse(readFileSync(output, 'utf8'));
  const how = results
    .filter(isBad)
    .map(({ id, status, message }) => `${id} ${status}: ${message}`)
    .join(', ');
  const isGood = letter === 'A' && how === '';
  return {
    sdk: 'mcp-authlab',
    version: VERSION,
    scenario,
    state: isGood ? 'same' : 'differs',
    how: isGood ? '' : `grade ${letter}; ${how}`,
    runs: {},
    letter,
  };
}

const isFailed = ({ status }) => status === 'fail' || status === 'error';

/** Grades the gateway of a lane with tokens that the issuer gave. */
export async function grade({ gateway, token, folder }, idp, context) {
  const command = await install(context);
  idp.addResource(OTHER, 'jwt');
  const foreign = await idp.token({ resource: OTHER, scope: READ });
  const args = ['--no-login', '--token', token, '--foreign-token', foreign];
  const output = join(folder, 'authlab.json');
  const env = cleanEnvironment();
  const own = { command, url: gateway.url, args, env, output, scenario: 'grade', isBad: isFailed };
  return scan(own, context);
}

/** TLS cannot be had on loopback. */
const isFailedOrSkipped = (result) =>
  isFailed(result) || (result.status === 'skip' && result.id !== 'TLS-01');

/** Lets the scanner register and log in through the facade of a lane, and grades that. */
export async function gradeFacade({ gateway, folder }, context) {
  const command = await install(context);
  const { facade, facadeUrl: url, otherUrl } = gateway;
  const home = join(folder, 'authlab-home');
  mkdirSync(home, { recursive: true });
  // It opens a browser that does nothing, and prints the URL, which is visited here.
  const env = headless(home);
  const { seen, read } = playBrowser(facade.issuer);
  const login = ['login', url, '--scope', READ, '--foreign-resource', otherUrl, '--thorough'];
  const logFile = join(folder, 'authlab-login.log');
  const code = await runToEnd(LOGIN_MS, command, login, { env, logFile, onText: read });
  if (code !== 0) throw new Error(`the login ended with ${code}, ${seen.error}; see ${logFile}`);
  const output = join(folder, 'authlab-facade.json');
  const own = { command, url, args: [], env, output, scenario: 'facade grade' };
  return scan({ ...own, isBad: isFailedOrSkipped }, context);
}
