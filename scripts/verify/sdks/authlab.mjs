// Lets the public scanner mcp-authlab grade the gateway: it must be A, and nothing may fail.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cleanEnvironment } from '../../../test/fixtures/launch.js';
import { READ } from './driver.mjs';
import { environment } from './python.mjs';

const VERSION = '0.2.2';
/** A resource of the issuer that is not the gateway. */
const OTHER = 'http://127.0.0.1:9/other/mcp';

/** Scans the gateway of a lane and returns a result like that of a scenario. */
export async function grade({ gateway, token, folder }, idp, context) {
  const python = await environment(context, `mcp-authlab==${VERSION}`);
  idp.addResource(OTHER, 'jwt');
  const output = join(folder, 'authlab.json');
  const foreign = await idp.token({ resource: OTHER, scope: READ });
  const tokens = ['--token', token, '--foreign-token', foreign, '--tool', 'write'];
  const args = ['scan', gateway.url, '--no-login', ...tokens, '--format', 'json', '-o', output];
  // It ends with another code than 0 if it grades below its own limit: the report counts.
  await context
    .run(join(python, 'bin', 'mcp-authlab'), args, { env: cleanEnvironment(), minutes: 5 })
    .catch((error) => context.say(`  mcp-authlab: ${error.message}`));
  const report = JSON.parse(readFileSync(output, 'utf8'));
  const letter = report.grade;
  const bad = report.results.filter(({ status }) => status === 'fail' || status === 'error');
  const how = bad.map(({ id, status }) => `${id} ${status}`).join(', ');
  return {
    sdk: 'mcp-authlab',
    version: VERSION,
    scenario: 'grade',
    state: letter === 'A' && bad.length === 0 ? 'same' : 'differs',
    how: letter === 'A' && bad.length === 0 ? '' : `grade ${letter}; ${how}`,
    runs: {},
    letter,
  };
}
