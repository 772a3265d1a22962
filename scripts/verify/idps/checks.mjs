// The checks that every provider has to pass: its good tokens pass, all others are rejected, keys
// rotate, and the gateway survives a stop of the provider.
import { createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import { sleep } from './parts.mjs';

const RECOVERY_MS = 60_000;
const POLL_MS = 500;

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
export const decode = (part) => JSON.parse(Buffer.from(part, 'base64url'));
export const payloadOf = (token) => decode(token.split('.')[1]);
export const isJwt = (token) => /^ey[\w-]+\.[\w-]+\.[\w-]+$/.test(token);

/** Three forgeries of a JWT: other claims, another key under the same key id, no signature. */
function forgeries(token) {
  const [header, payload, signature] = token.split('.');
  const claims = encode({ ...decode(payload), sub: 'mallory' });
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signed = `${encode({ ...decode(header), alg: 'RS256' })}.${claims}`;
  const other = createSign('sha256').update(signed).sign(privateKey).toString('base64url');
  return [
    ['a JWT with changed claims', `${header}.${claims}.${signature}`],
    ['a JWT signed with another key', `${signed}.${other}`],
    ['an unsigned JWT', `${encode({ alg: 'none' })}.${payload}.`],
  ];
}

const opaqueForgeries = (token) => [
  ['an unknown opaque token', randomBytes(24).toString('base64url')],
  ['a changed opaque token', `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`],
];

/** Collects the results. A failed check does not end the run: the others are of interest too. */
export function createChecks(say) {
  const failed = [];
  let passed = 0;

  function report(label, isRight, seen) {
    if (isRight) passed += 1;
    else failed.push(label);
    say(`  ${isRight ? 'ok' : 'NOT OK'}  ${label}: ${seen}`);
  }

  const seenOf = ({ status, reason, detail }) =>
    [status, reason, detail].filter((part) => part !== undefined && part !== null).join(' ');

  async function expect(label, gateway, token, statuses) {
    if (token === undefined) return report(label, false, 'the provider issued no such token');
    const result = await gateway.call(token).catch((error) => ({ status: error.message }));
    report(label, statuses.includes(result.status), seenOf(result));
    return result;
  }

  return {
    failed,
    count: () => passed,
    report,
    accepts: (label, gateway, token) => expect(`${label} passes`, gateway, token, [200]),
    rejects: (label, gateway, token) => expect(`${label} is rejected`, gateway, token, [401]),
    forbids: (label, gateway, token) => expect(`${label} is forbidden`, gateway, token, [403]),
    unavailable: (label, gateway, token) => expect(`${label} gets 503`, gateway, token, [503]),
    /** Each entry of `good` has to pass, and each of `bad` has to be rejected. */
    async decides(where, gateway, good, bad) {
      for (const [label, token] of Object.entries(good))
        await expect(`${where}: ${label} passes`, gateway, token, [200]);
      for (const [label, token] of Object.entries(bad))
        await expect(`${where}: ${label} is rejected`, gateway, token, [401]);
    },
    async rejectsForgeries(gateway, token, where) {
      const list = isJwt(token) ? forgeries(token) : opaqueForgeries(token);
      for (const [label, forged] of list)
        await expect(`${where}: ${label} is rejected`, gateway, forged, [401]);
    },
    /** Asks again until the gateway accepts the token. The time is part of the result. */
    async recovers(label, gateway, token) {
      const begin = performance.now();
      let result;
      do {
        result = await gateway.call(token).catch((error) => ({ status: error.message }));
        if (result.status === 200) break;
        await sleep(POLL_MS);
      } while (performance.now() - begin < RECOVERY_MS);
      const seconds = ((performance.now() - begin) / 1000).toFixed(1);
      const text = `${seenOf(result)} after ${seconds} s`;
      report(`${label} passes again`, result.status === 200, text);
    },
  };
}
