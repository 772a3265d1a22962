// Proves that clients of other projects log in through the facade, at an identity provider without
// registration. They call, refresh when their token ends, and call what needs another scope.
//
// The clients are mcp-remote and the MCP Inspector. This script plays the person at the browser. It
// needs `npm run build` before it.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitOnSignals } from '../../test/fixtures/child.js';
import { leasePort, startConfigured } from '../../test/fixtures/launch.js';
import { createChecks } from './checks.mjs';
import { scratchOf } from './client-parts.mjs';
import { emptyHome, prepareCalls, withoutSecrets, withRemote } from './login-clients.mjs';
import { READ, RULES, startServer, WRITE } from './sdks/driver.mjs';
import { FACADE_PATHS, facadeEndpoints, startBehindFacade, TOKEN_MS } from './sdks/facade.mjs';
import { sdks } from './sdks/typescript.mjs';

const home = scratchOf('clients');
const say = (line) => console.log(`- ${line}`);
const { check, finish } = createChecks('the clients of the facade');
const opened = [];

/** The gateway before a server of the TypeScript SDK, and the facade before a closed provider. */
async function startParts() {
  mkdirSync(home, { recursive: true });
  const [server] = (await sdks()).slice(1);
  const upstream = await startServer(server, home);
  opened.push(upstream.stop);
  const lease = await leasePort();
  const origin = `http://127.0.0.1:${lease.port}`;
  const facade = await startBehindFacade(origin, [READ, WRITE]);
  opened.push(facade.stop);
  const { issuers, env, issuer } = facade;
  const [first, all] = facadeEndpoints({ upstream: upstream.url, ...RULES });
  const endpoints = [first, { ...all, challengeScopes: 'all' }];
  const logFile = join(home, 'facade-gateway.log');
  const gateway = await startConfigured({ config: { issuers, endpoints }, env, logFile, lease });
  opened.push(gateway.stop);
  const [url, allUrl] = FACADE_PATHS.map((path) => origin + path);
  return { url, allUrl, issuer, facade };
}

/** Fails unless a call ended with `text`, and the client has logged in so often. */
function expectCall(run, text, logins) {
  if (run.text === text && run.logins === logins) return;
  const shown = withoutSecrets(run.shown ?? '').slice(-2000);
  throw new Error(`"${run.text}" in place of "${text}", logins: ${run.logins}\n${shown}`);
}

const expectRefresh = (facade, before) => {
  if (facade.refreshes() === before) throw new Error('the client did not refresh');
};

/**
 * One process for all calls. mcp-remote does not step up: a call that lacks a scope has no answer.
 * So it logs in where the 401 names every scope.
 */
async function mcpRemote({ allUrl: url, ...parts }) {
  const { facade } = parts;
  const run = await withRemote({ ...parts, url, home, say }, async (call, seen) => {
    const now = (text) => ({ text, logins: seen.logins, shown: seen.text });
    await check('mcp-remote logs in and calls', async () =>
      expectCall(now(await call('echo', { text: 'first' })), 'first', 1),
    );
    await check('mcp-remote refreshes', async () => {
      const before = facade.refreshes();
      await sleep(TOKEN_MS);
      expectCall(now(await call('echo', { text: 'second' })), 'second', 1);
      expectRefresh(facade, before);
    });
    await check('mcp-remote calls what needs another scope', async () =>
      expectCall(now(await call('write')), 'written', 1),
    );
    return 'done';
  });
  await check('mcp-remote ends', () => expectCall(run, 'done', run.logins));
}

/**
 * A process for each call. The login is in its home. The Inspector requests every scope of the
 * metadata. With fewer and a refresh token it does not step up either.
 */
async function inspector(parts, era) {
  const { facade } = parts;
  const call = await prepareCalls({ ...parts, home: emptyHome(join(home, `home-${era}`)), say });
  await check(`the Inspector logs in and calls, ${era}`, async () =>
    expectCall(await call(era, 'echo', 'text=first'), 'first', 1),
  );
  await check(`the Inspector refreshes, ${era}`, async () => {
    const before = facade.refreshes();
    await sleep(TOKEN_MS);
    expectCall(await call(era, 'echo', 'text=second'), 'second', 0);
    expectRefresh(facade, before);
  });
  await check(`the Inspector calls what needs another scope, ${era}`, async () =>
    expectCall(await call(era, 'write'), 'written', 0),
  );
}

exitOnSignals();
try {
  const parts = await startParts();
  await mcpRemote(parts);
  for (const era of ['legacy', 'modern']) await inspector(parts, era);
} finally {
  for (const end of opened.reverse()) await end();
}
finish();
