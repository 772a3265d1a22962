// Runs the authorization server scenarios of the official MCP conformance suite against the facade,
// in front of an identity provider without registration.
//
// Usage: `node conformance/authorization.mjs [--write]`, after `npm run build`. `--write` replaces
// the results in README.md.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { logIn } from '../scripts/verify/person.mjs';
import { READ, WRITE } from '../scripts/verify/sdks/driver.mjs';
import {
  FACADE_PATHS,
  facadeEndpoints,
  startBehindFacade,
} from '../scripts/verify/sdks/facade.mjs';
import { exitOnSignals } from '../test/fixtures/child.js';
import { leasePort, startConfigured } from '../test/fixtures/launch.js';
import { describe } from './compare.mjs';
import { authorizationOf, listScenarios, prepareSuite, SUITE_VERSION } from './suite.mjs';

const HOME = fileURLToPath(new URL('../.scratch/conformance', import.meta.url));
const README = new URL('README.md', import.meta.url);
/** No scenario calls the endpoint. */
const ABSENT = 'http://127.0.0.1:9/mcp';
const REVISIONS = ['2025-11-25', '2026-07-28'];
/** Server scenarios that would test the gateway as a resource server. */
const OF_RESOURCE_SERVERS = /auth|token|audience|scope|challenge|protected-resource/;
const ASKS_A_PERSON = /^(http:\/\/127\.0\.0\.1:\d+\/oauth\/\S+)$/;

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
const say = (line) => console.log(`- ${line}`);

/** Registers the client that the suite plays, and returns its id. */
async function register(issuer, port) {
  const response = await fetch(`${issuer}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'The conformance suite',
      redirect_uris: [`http://127.0.0.1:${port}/callback`],
      token_endpoint_auth_method: 'none',
    }),
    signal: AbortSignal.timeout(10_000),
  });
  if (response.status !== 201) throw new Error(`the registration got ${response.status}`);
  return (await response.json()).client_id;
}

/** Plays the person: brings the code to the suite. */
async function visit(line) {
  const address = ASKS_A_PERSON.exec(line)?.[1];
  if (address === undefined) return;
  const back = await logIn(address);
  await (await fetch(back, { signal: AbortSignal.timeout(10_000) })).text();
}

/** Resolves to the results of each revision. */
async function runAll(suite, opened) {
  const lease = await leasePort();
  const origin = `http://127.0.0.1:${lease.port}`;
  // The suite names no scope, and this identity provider denies a login without one.
  const settings = { scopes: [READ] };
  const facade = await startBehindFacade(origin, [READ, WRITE], { settings });
  opened.push(facade.stop);
  const endpoints = facadeEndpoints({ upstream: ABSENT, scopes: [READ] });
  const gateway = await startConfigured({
    config: { issuers: facade.issuers, endpoints },
    env: facade.env,
    logFile: join(HOME, 'facade-gateway.log'),
    lease,
  });
  opened.push(gateway.stop);
  const { port } = await leasePort();
  const clientId = await register(facade.issuer, port);
  const found = new Map();
  for (const revision of REVISIONS) {
    const own = { url: facade.issuer, resource: origin + FACADE_PATHS[0], clientId, port };
    const folder = join(HOME, 'authorization', revision);
    mkdirSync(folder, { recursive: true });
    const onLine = (line) => visit(line).catch((error) => say(`the login: ${error.message}`));
    found.set(revision, await authorizationOf(suite, { ...own, revision, folder, onLine }));
  }
  return found;
}

/** One row for each scenario. */
function tableOf(found) {
  const names = [...new Set([...found.values()].flatMap((results) => [...results.keys()]))].sort();
  const rows = names.map((name) => [
    `\`${name}\``,
    ...REVISIONS.map((revision) => describe(found.get(revision).get(name))),
  ]);
  const all = [['Scenario', ...REVISIONS], ...rows];
  const widths = all[0].map((_, at) => Math.max(...all.map((row) => row[at].length)));
  const line = (row) => `| ${row.map((text, at) => text.padEnd(widths[at])).join(' | ')} |`;
  return [line(all[0]), line(widths.map((width) => '-'.repeat(width))), ...all.slice(1).map(line)];
}

exitOnSignals();
const opened = [];
const suite = await prepareSuite(HOME, say);
const { server, authorization } = await listScenarios(suite);
const ofResources = server.filter((name) => OF_RESOURCE_SERVERS.test(name));
let found;
try {
  found = await runAll(suite, opened);
} finally {
  for (const end of opened.reverse()) await end();
}
const counted = [...found.values()].flatMap((results) => [...results.values()]);
const isGood =
  counted.length === authorization.length * REVISIONS.length &&
  counted.every((checks) => checks.every(({ status }) => status === 'SUCCESS'));
const text = [
  `Version ${SUITE_VERSION}: ${authorization.length} scenarios for authorization servers, ` +
    `${ofResources.length} for resource servers.`,
  '',
  ...tableOf(found),
].join('\n');
console.log(`\n${text}\n`);
for (const checks of counted)
  for (const { id, status, errorMessage } of checks)
    if (status !== 'SUCCESS') console.log(`${id}: ${status} ${errorMessage ?? ''}`);
if (ofResources.length > 0) say(`for resource servers: ${ofResources.join(', ')}`);
if (values.write) {
  const page = readFileSync(README, 'utf8');
  const block = /(<!-- authorization -->\n\n).*?(\n\n<!-- \/authorization -->)/s;
  if (!block.test(page)) throw new Error('README.md has no place for the results');
  writeFileSync(
    README,
    page.replace(block, (_all, start, end) => start + text + end),
  );
}
console.log(
  isGood
    ? 'the facade passes the suite as an authorization server'
    : 'the facade DOES NOT PASS the suite as an authorization server',
);
process.exitCode = isGood ? 0 : 1;
