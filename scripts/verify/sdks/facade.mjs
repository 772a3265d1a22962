// The parts of a lane behind the facade: an identity provider at which clients cannot register, the
// settings for it, and the scenario of its clients.
import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPerson } from '../person.mjs';
import { startClosedIssuer } from './issuer.mjs';

/** Its name in the configuration. */
const NAME = 'closed';
export const FACADE_PATHS = ['/facade/mcp', '/facade/other/mcp'];
/** So short that clients have to refresh. go-sdk refreshes 10 s before the end. */
const TOKEN_SECONDS = 20;
/** Clients count from the moment at which they get a token, which is later than its issue. */
const TOLERANCE_SECONDS = 2;
/** Until a new token has ended. */
export const TOKEN_MS = (TOKEN_SECONDS + TOLERANCE_SECONDS + 1) * 1000;

const newKey = () =>
  String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));

/**
 * Starts the identity provider of the gateway at `origin`. `issuers` and `env` are for the gateway.
 * `interact`: as in issuer.mjs. `settings`: further ones of the facade.
 */
export async function startBehindFacade(
  origin,
  scopes,
  { paths = FACADE_PATHS, interact, settings } = {},
) {
  const issuer = `${origin}/oauth/${NAME}`;
  const options = { scopes, tokenTtl: TOKEN_SECONDS, interact };
  const idp = await startClosedIssuer(options, `${issuer}/callback`);
  for (const path of paths) idp.addResource(origin + path);
  return {
    issuer,
    issuers: {
      [NAME]: {
        issuer: idp.issuer,
        clockToleranceSeconds: TOLERANCE_SECONDS,
        facade: {
          clientId: idp.client.id,
          clientSecret: '${env:LAB_CLIENT_SECRET}',
          keys: ['${env:LAB_FACADE_KEY}'],
          ...settings,
        },
      },
    },
    env: { LAB_CLIENT_SECRET: idp.client.secret, LAB_FACADE_KEY: newKey() },
    refreshes: idp.refreshes,
    stop: idp.stop,
  };
}

/** The endpoints of the facade. `endpoint`: all but the path and the issuer. */
export const facadeEndpoints = (endpoint, paths = FACADE_PATHS) =>
  paths.map((path) => ({ path, issuers: [NAME], ...endpoint }));

const check = (step, ok, text) => ({ step, ok, text });

/**
 * Runs a client through the facade. Its token ends where it waits: it must refresh, and log in
 * again only for more scopes. `run` gets `env` and `onWait`, and resolves to the steps of the
 * client.
 */
export async function throughFacade(facade, wanted, run) {
  const person = await startPerson();
  const before = facade.refreshes();
  try {
    const onWait = () => sleep(TOKEN_MS);
    const steps = await run({ env: person.env, onWait });
    if (steps.some(({ ok }) => ok === null)) return steps;
    const count = facade.refreshes() - before;
    const again = person.logins.slice(1);
    return [
      ...steps,
      check('refresh', count > 0, count > 0 ? 'yes' : 'no refresh'),
      check(
        'logins',
        person.logins.length > 0 && again.every((scopes) => scopes.includes(wanted)),
        person.logins.map((scopes) => scopes.join(' ')).join(', then '),
      ),
    ];
  } finally {
    await person.stop();
  }
}
