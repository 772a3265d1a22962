// Proves that the gateway serves the tokens of real identity providers, with docs/idps.md alone.
//
// Usage: `node scripts/idps.mjs [--cache FOLDER] [keycloak ...]`, after `npm run build`.
//
// It installs each provider at a pinned version into a cache outside the repository: FOLDER, or
// PORTCULLIS_IDPS_CACHE, or a folder for temporary files. It needs a JDK, Maven, Go, Python with
// venv, Perl, apt-get and dpkg; a provider whose tool is missing is skipped.
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createChecks } from './verify/idps/checks.mjs';
import { django } from './verify/idps/django.mjs';
import { glewlwyd } from './verify/idps/glewlwyd.mjs';
import { hydra } from './verify/idps/hydra.mjs';
import { keycloak } from './verify/idps/keycloak.mjs';
import { lemonldap } from './verify/idps/lemonldap.mjs';
import { cacheFolder, Skipped, startUpstream } from './verify/idps/parts.mjs';
import { spring } from './verify/idps/spring.mjs';

const PROVIDERS = [keycloak, hydra, spring, django, glewlwyd, lemonldap];

const say = (line) => console.log(line);

/** Runs the checks of one provider and returns a line for the summary. */
async function check(provider, upstream) {
  const name = `${provider.name} ${provider.version}`;
  say(`${name}:`);
  const checks = createChecks(say);
  const opened = [];
  const runFolder = cacheFolder('runs', provider.name);
  rmSync(runFolder, { recursive: true, force: true });
  try {
    const installed = await provider.install(cacheFolder(name.replaceAll(' ', '-')));
    const folder = cacheFolder('runs', provider.name);
    await provider.run({ installed, folder, upstream: upstream.url, checks, opened, say });
  } catch (error) {
    if (error instanceof Skipped) {
      say(`  skipped: ${error.message}`);
      return { state: 'skipped', line: `${name}: skipped: ${error.message}` };
    }
    checks.report('the run', false, error.stack);
  } finally {
    for (const end of opened.reverse()) await end();
  }
  const { failed } = checks;
  if (failed.length === 0)
    return { state: 'passed', line: `${name}: ${checks.count()} checks passed` };
  return { state: 'failed', line: `${name}: ${failed.length} FAILED: ${failed.join('; ')}` };
}

const options = { cache: { type: 'string' } };
const { values, positionals: wanted } = parseArgs({ options, allowPositionals: true });
if (values.cache !== undefined) process.env.PORTCULLIS_IDPS_CACHE = values.cache;
const unknown = wanted.filter((name) => !PROVIDERS.some((provider) => provider.name === name));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown}; there are ${PROVIDERS.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const upstream = await startUpstream();
const results = [];
for (const provider of PROVIDERS)
  if (wanted.length === 0 || wanted.includes(provider.name))
    results.push(await check(provider, upstream));
upstream.stop();
const count = (state) => results.filter((result) => result.state === state).length;
say(`\n${results.map(({ line }) => line).join('\n')}`);
say(
  `the identity providers: ${count('passed')} passed, ${count('failed')} failed, ` +
    `${count('skipped')} skipped`,
);
process.exit(count('failed') === 0 ? 0 : 1);
