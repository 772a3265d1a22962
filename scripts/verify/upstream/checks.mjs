// The checks of the servers of docs/upstream.md: directly, and through the gateway.
import { deepStrictEqual, strictEqual } from 'node:assert';
import { setTimeout as sleep } from 'node:timers/promises';
import { bearer, sendMessage } from '../send-message.mjs';
import { identityJwt, newKey } from './keys.mjs';

/** Longer than the minute after which the server in Go fetches the keys again; others need 30 s. */
const BETWEEN_STEPS_MS = 65_000;
/** Longer than the pause between two rounds of calls. */
const AFTER_STEP_MS = 4_000;
const ROUND_MS = 1_000;
/** Calls at once. A library that fetches the keys for one call alone rejects the others. */
const PARALLEL = 20;
const CALL_MS = 10_000;
const CALL = { method: 'tools/call', params: { name: 'whoami', arguments: {} } };

/** The status, and the user whom the server names. */
async function call(url, credential) {
  const sent = { headers: credential, ms: CALL_MS };
  const { status, text } = await sendMessage(url, CALL, sent);
  return { status, user: status === 200 ? JSON.parse(text).user : undefined };
}

/** Two users of one client and an API key: three callers, and each has another `sub_id`. */
export async function checkUsers(lanes, { issuer, apiKey, say }) {
  for (const { language, url } of lanes) {
    for (const sub of ['alice', 'bob']) {
      const user = { format: 'iss_sub', iss: issuer.issuer, sub };
      const answer = await call(url, bearer(await issuer.mint(url, sub)));
      deepStrictEqual(answer, { status: 200, user }, language);
    }
    const machine = await call(url, { 'x-api-key': apiKey });
    strictEqual(machine.user?.format, 'opaque', language);
    strictEqual((await call(url, {})).status, 401, language);
    say(`  ${language}: two users and an API key are three callers`);
  }
}

/** Makes rounds of calls at once while `isRunning`. Each of the calls must succeed. */
async function callInRounds({ language, url }, { issuer, isRunning }) {
  let calls = 0;
  // A new token each time, for which the gateway signs a new JWT.
  const mint = () => issuer.mint(url, `user-${calls++}`);
  while (isRunning()) {
    const tokens = await Promise.all(Array.from({ length: PARALLEL }, mint));
    const answers = await Promise.all(tokens.map((token) => call(url, bearer(token))));
    const failed = answers.filter(({ status }) => status !== 200).length;
    strictEqual(failed, 0, `${language}: ${failed} of ${PARALLEL} calls at once fail`);
    await sleep(ROUND_MS);
  }
  return calls;
}

/** The three steps of a rotation. Calls go on all the time, and each of them must succeed. */
export async function checkRotation(lanes, { issuer, reload, say }) {
  let isRunning = true;
  async function rotate() {
    await reload('old', 'next');
    await sleep(BETWEEN_STEPS_MS);
    await reload('next', 'old');
    await sleep(AFTER_STEP_MS);
    await reload('next');
    await sleep(AFTER_STEP_MS);
  }
  const done = rotate().finally(() => {
    isRunning = false;
  });
  async function callAllTheTime(lane) {
    const calls = await callInRounds(lane, { issuer, isRunning: () => isRunning });
    say(`  ${lane.language}: ${calls} calls during the rotation, all of them answered`);
  }
  await Promise.all([done, ...lanes.map(callAllTheTime)]);
}

async function publishedKid(origin, alg) {
  const response = await fetch(`${origin}/.well-known/jwks.json`);
  const { keys } = await response.json();
  return keys.find((key) => key.alg === alg).kid;
}

/** JWTs that a caller could send to a server without the gateway. Each has one flaw. */
export async function checkWrongTokens(lanes, { issuer, origin, key, say }) {
  const parts = { key, kid: await publishedKid(origin, key.alg), origin };
  const past = Math.floor(Date.now() / 1000) - 60;
  const curve = key.alg === 'EdDSA' ? 'ed25519' : 'P-256';
  const flaws = {
    'another audience': { claims: { aud: 'other-backend' } },
    'no audience': { claims: { aud: undefined } },
    'another issuer': { claims: { iss: issuer.issuer } },
    'no issuer': { claims: { iss: undefined } },
    'an end in the past': { claims: { exp: past } },
    'no end': { claims: { exp: undefined } },
    'no sub_id': { claims: { sub_id: undefined } },
    'a sub_id that is null': { claims: { sub_id: null } },
    'another type': { header: { typ: 'at+jwt' } },
    'no type': { header: { typ: undefined } },
    'the public key as a secret': { header: { alg: 'HS256' } },
    'no signature': { header: { alg: 'none' } },
    'the signature of another key': { by: newKey(curve) },
  };
  for (const { language, url, direct } of lanes) {
    const good = await identityJwt(parts);
    deepStrictEqual((await call(direct, bearer(good))).status, 200, `${language}: a good JWT`);
    // The clock of the gateway is ahead of the clock of the server.
    const early = await identityJwt(parts, { claims: { iat: Math.floor(Date.now() / 1000) + 3 } });
    deepStrictEqual((await call(direct, bearer(early))).status, 200, `${language}: another clock`);
    for (const [name, flaw] of Object.entries(flaws)) {
      const { status } = await call(direct, bearer(await identityJwt(parts, flaw)));
      strictEqual(status, 401, `${language}: ${name}`);
    }
    const own = await issuer.mint(url, 'alice');
    for (const wrong of [{}, bearer(own), bearer(''), bearer('a.b.c')])
      strictEqual((await call(direct, wrong)).status, 401, `${language}: ${Object.keys(wrong)}`);
    say(`  ${language}: ${Object.keys(flaws).length} wrong JWTs get 401`);
  }
}
