// Starts the programs of the SDKs, the gateway in front of a server, and the hop that makes the
// gateway refuse a call.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { startChild } from '../../../test/fixtures/child.js';
import {
  cleanEnvironment,
  gatewayMain,
  leasePort,
  untilServing,
} from '../../../test/fixtures/launch.js';
import { withDeadline } from '../../../test/fixtures/wait.js';
import { FACADE_PATHS, facadeEndpoints, startBehindFacade } from './facade.mjs';

const SERVER_MS = 90_000;
const STOP_MS = 15_000;
export const READ = 'files:read';
export const WRITE = 'files:write';
/** An issuer that nothing serves. The gateway cannot get its keys and answers 503. */
const ABSENT = 'http://127.0.0.1:9/absent';
/** Bodies above it get 413. */
const MAX_BODY = 65_536;

const fileName = (name) => name.toLowerCase().replaceAll(/[^a-z0-9.]+/g, '-');

/** A process that can restart. `start` gets a number for its log and resolves when it is ready. */
async function restartable(start) {
  let starts = 1;
  let running = await start(starts);
  const stop = async () => {
    if (running.running()) await running.stop('SIGTERM', STOP_MS).catch(() => {});
    await running.exited;
  };
  async function restart() {
    await stop();
    starts += 1;
    running = await start(starts);
  }
  return { restart, stop };
}

/** Starts the server program on a port of its own. It keeps the port over a restart. */
export async function startServer({ name, server }, folder) {
  const { port } = await leasePort();
  async function start(count) {
    let tellReady;
    const ready = new Promise((resolve) => (tellReady = resolve));
    const running = startChild('nice', [server.command, ...server.args, String(port)], {
      env: { ...cleanEnvironment(), ...server.env },
      logFile: join(folder, `${fileName(name)}-server-${port}-${count}.log`),
      onLine: (line) => line.trim() === 'ready' && tellReady(),
    });
    const ended = running.exited.then(({ code }) => {
      throw new Error(`the server of ${name} ended with ${code}`);
    });
    await withDeadline(`the server of ${name} is ready`, Promise.race([ready, ended]), SERVER_MS);
    return running;
  }
  return { url: `http://127.0.0.1:${port}/mcp`, ...(await restartable(start)) };
}

/** The rules of all endpoints: one tool needs a scope, one is denied. */
export const RULES = {
  limits: { maxBodyBytes: MAX_BODY },
  scopes: [READ],
  tools: {
    default: 'allow',
    rules: [
      { tool: 'write', scopes: [WRITE] },
      { tool: 'forbidden', deny: true },
    ],
  },
};

/**
 * Endpoints with one upstream. Clients of /mcp request every scope at once, because its issuer
 * holds them to the scopes of their registration. Clients of the others step up. JSON is YAML.
 */
const configuration = ({ port, upstream, strict, lenient, facade }) => ({
  publicUrl: `http://127.0.0.1:${port}`,
  listen: { host: '127.0.0.1', port },
  admin: { host: '127.0.0.1', port: 0 },
  sessionKeys: ['${env:LAB_SESSION_KEY}'],
  issuers: {
    strict: { issuer: strict },
    lenient: { issuer: lenient },
    // Clients must not try to log in there.
    absent: { issuer: ABSENT, jwksUri: `${ABSENT}/jwks`, authorizationServers: [strict] },
    ...facade.issuers,
  },
  endpoints: [
    { path: '/mcp', issuers: ['strict', 'absent'], upstream, challengeScopes: 'all', ...RULES },
    { path: '/step/mcp', issuers: ['lenient'], upstream, ...RULES },
    ...facadeEndpoints({ upstream, ...RULES }),
  ],
});

/** Starts a gateway in front of `upstream`. It keeps the port over a restart. */
export async function startGateway({ name, upstream, strict, lenient, folder }) {
  const { port } = await leasePort();
  const file = join(folder, `${fileName(name)}-gateway-${port}`);
  const origin = `http://127.0.0.1:${port}`;
  const facade = await startBehindFacade(origin, [READ, WRITE]);
  const config = configuration({ port, upstream, strict, lenient, facade });
  writeFileSync(`${file}.yaml`, JSON.stringify(config, null, 2));
  const sessionKey = randomBytes(32).toString('base64');
  const env = { ...cleanEnvironment(), ...facade.env, LAB_SESSION_KEY: sessionKey };
  async function start(count) {
    const args = [gatewayMain, 'serve', '--config', `${file}.yaml`];
    const logFile = `${file}-${count}.log`;
    const running = startChild(process.execPath, args, { env, logFile });
    // Not /readyz: it waits for the keys of the absent issuer.
    await untilServing(running, origin, '/healthz', SERVER_MS);
    return running;
  }
  const [facadeUrl, otherUrl] = FACADE_PATHS.map((path) => origin + path);
  const urls = { url: `${origin}/mcp`, stepUrl: `${origin}/step/mcp`, facadeUrl, otherUrl };
  const running = await restartable(start);
  const stop = () => running.stop().then(facade.stop);
  return { ...urls, facade, restart: running.restart, stop };
}

/**
 * Runs a client program to its end and resolves with its steps. `onWait` runs where the program
 * waits. A program that does not end within `ms` gets the step "end".
 */
export async function runClient(
  { name, client },
  url,
  scenario,
  { folder, label, token, env, onWait, ms },
) {
  const steps = [];
  const child = startChild('nice', [client.command, ...client.args, url, scenario], {
    env: { ...cleanEnvironment(), ...client.env, ...env, ...(token && { TOKEN: token }) },
    logFile: join(folder, `${fileName(name)}-${fileName(label)}.log`),
    input: true,
    onLine: (line) => {
      const step = parsed(line);
      if (step?.step === 'wait') void goOn();
      else if (step !== undefined) steps.push(step);
    },
  });
  child.process.stdin.on('error', () => {});
  const goOn = async () => {
    await onWait?.().catch((error) => steps.push({ step: 'wait', ok: false, text: error.message }));
    child.process.stdin.write('go\n');
  };
  const exited = withDeadline(`${name} ${scenario} ends`, child.exited, ms);
  const { code } = await exited.catch(() => ({ code: 'HANGS' }));
  await child.end();
  if (code !== 0) steps.push({ step: 'end', ok: false, text: String(code) });
  return steps;
}

function parsed(line) {
  if (!line.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(line);
    return typeof value.step === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

const bodyOf = async (req) => {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  return Buffer.concat(chunks);
};

const messageOf = (body) => {
  try {
    return JSON.parse(body);
  } catch {
    return {};
  }
};

/**
 * A hop that passes everything on to `to` and handles the second tools/call differently.
 * `answer`: it answers that call itself. `change`: it changes the call's headers and body, so that
 * the gateway refuses it.
 */
export async function startHop(to, { answer, change }) {
  const target = new URL(to);
  let calls = 0;
  let refusedWith;
  const server = createServer(async (req, res) => {
    const body = await bodyOf(req);
    if (messageOf(body).method === 'tools/call') calls += 1;
    const isSecond = calls === 2 && messageOf(body).method === 'tools/call';
    if (isSecond && answer !== undefined) {
      calls += 1;
      return res.writeHead(answer.status, answer.headers).end(answer.body);
    }
    const passed = { headers: { ...req.headers, host: target.host }, body };
    if (isSecond) {
      calls += 1;
      Object.assign(passed, change(passed));
      delete passed.headers['transfer-encoding'];
      passed.headers['content-length'] = String(passed.body.length);
    }
    const { hostname, port } = target;
    const { method, url: path } = req;
    const out = request({ hostname, port, path, method, headers: passed.headers }, (got) => {
      if (isSecond) refusedWith = got.statusCode;
      res.writeHead(got.statusCode, got.headers);
      got.pipe(res);
      got.on('error', () => res.destroy());
    });
    out.on('error', () => res.destroy());
    res.on('close', () => out.destroy());
    out.end(passed.body);
  });
  const { port } = await leasePort();
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  const url = `http://127.0.0.1:${port}${target.pathname}`;
  return { url, stop, refusedWith: () => refusedWith };
}

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token of the issuer whose keys the gateway cannot get. */
export function tokenOfAbsentIssuer(audience) {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: ABSENT,
    aud: audience,
    sub: 'alice',
    iat: now,
    exp: now + 600,
    scope: READ,
  };
  return `${encode({ alg: 'RS256', typ: 'at+jwt', kid: 'k1' })}.${encode(claims)}.${'A'.repeat(342)}`;
}

export const PADDING = Buffer.alloc(MAX_BODY + 1, ' ');
