// The checks of the servers of docs/upstream.md: directly, and through the gateway.
import { deepStrictEqual, strictEqual } from 'node:assert';
import { setTimeout as sleep } from 'node:timers/promises';
import { identityJwt, newKey } from './keys.mjs';

/** Longer than the time for which jose and PyJWT do not fetch the keys again. */
const BETWEEN_STEPS_MS = 31_000;
const CALL = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'whoami', arguments: {} },
});

/** The status, and the user whom the server names. */
async function call(url, credential) {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-06-18',
      ...credential,
    },
    body: CALL,
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  return { status: response.status, user: response.ok ? JSON.parse(text).user : undefined };
}

const bearer = (token) => ({ authorization: `Bearer ${token}` });

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

/** The three steps of a rotation. Calls go on all the time, and each of them must succeed. */
export async function checkRotation(lanes, { issuer, reload, say }) {
  let isRunning = true;
  async function callAllTheTime({ language, url }) {
    let calls = 0;
    while (isRunning) {
      // A new token each time, for which the gateway signs a new JWT.
      const { status } = await call(url, bearer(await issuer.mint(url, `user-${calls}`)));
      strictEqual(status, 200, `${language}: call ${calls} of the rotation`);
      calls += 1;
      await sleep(100);
    }
    say(`  ${language}: ${calls} calls during the rotation, all of them answered`);
  }
  async function rotate() {
    await reload('old', 'next');
    await sleep(BETWEEN_STEPS_MS);
    await reload('next', 'old');
    await sleep(2000);
    await reload('next');
    await sleep(1000);
  }
  const done = rotate().finally(() => {
    isRunning = false;
  });
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
