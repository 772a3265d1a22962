// Sends good and bad calls in rounds, so that each metric moves.
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';

const ROUND_MS = 400;
const CALL_MS = 30_000;
/** Slow calls and held streams at once. */
const SLOW_CALLS = 8;
const HELD_STREAMS = 2;
const REVISION = '2025-06-18';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A token of the issuer that a stranger signed with a key of its own. */
function forge(issuer, audience) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return (subject) =>
    new SignJWT({ client_id: 'stranger', scope: 'mcp' })
      .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: randomUUID() })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(subject)
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(privateKey);
}

export async function createLoad(scene) {
  const { origin, keys, token, tokens, partner } = scene;
  const ended = new AbortController();
  const seen = new Map();
  let lastId = 0;
  let rounds = 0;
  let isOutage = false;

  async function call(name, { tool = 'answer', method = 'POST', headers = {}, bearer } = {}) {
    lastId += 1;
    const params = { name: tool, arguments: {} };
    const message = { jsonrpc: '2.0', id: lastId, method: 'tools/call', params };
    const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(CALL_MS)]);
    const status = await fetch(`${origin}/${name}/mcp`, {
      method,
      signal,
      headers: {
        'content-type': 'application/json',
        accept: method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream',
        'mcp-protocol-version': REVISION,
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        ...headers,
      },
      ...(method === 'GET' ? {} : { body: JSON.stringify(message) }),
    })
      .then(async (response) => {
        await response.text();
        return response.status;
      })
      .catch(() => 'cut');
    const key = `${name} ${tool} ${status}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  const many = (count, make) => Array.from({ length: count }, (_, i) => make(i));
  const withKey = (key) => ({ headers: { 'x-api-key': key } });

  const good = {};
  for (const name of ['files', 'opaque', 'exchange', 'small', 'slow', 'gone', 'limited'])
    good[name] = await token(name);
  const refusedToken = await token('exchange');
  const failingToken = await token('exchange');
  tokens.refused.add(refusedToken);
  tokens.failing.add(failingToken);
  // The gateway never sees them before the outage, so it must ask about them then. The breaker
  // counts the failures of one caller once.
  const freshOpaque = await Promise.all(many(8, () => token('opaque')));
  const genuine = await partner.mint(`${origin}/forged/mcp`);
  const forged = forge(partner.issuer, `${origin}/forged/mcp`);
  let afterRotation;
  const background = [];

  async function requestGrant() {
    const form = { grant_type: 'client_credentials', client_id: 'good', client_secret: 'wrong' };
    const body = new URLSearchParams({ ...form, resource: `${origin}/keys/mcp` });
    const signal = AbortSignal.timeout(CALL_MS);
    const response = await fetch(`${origin}/oauth/token`, { method: 'POST', body, signal });
    await response.text();
  }

  async function round() {
    rounds += 1;
    // It waits for a connection, and the round does not wait for it.
    background.push(call('small', { bearer: good.small }));
    const calls = [
      ...many(3, () => call('files', { bearer: good.files })),
      call('files', { bearer: good.files, tool: 'cut' }),
      call('files', { bearer: good.files, tool: 'fail' }),
      call('files'),
      call('keys', withKey(keys.good.key)),
      call('keys', withKey(keys.soon.key)),
      call('keys', withKey(keys.retired.key)),
      ...many(20, () => call('keys', withKey(`sk_${randomBytes(12).toString('hex')}`))),
      ...many(2, () => call('wrong', { bearer: good.files })),
      call('opaque', { bearer: good.opaque }),
      call('exchange', { bearer: good.exchange }),
      call('exchange', { bearer: isOutage ? failingToken : refusedToken }),
      call('gone', { bearer: good.gone }),
      ...many(2, () => call('limited', { bearer: good.limited })),
      call('forged', { bearer: genuine }),
      ...many(2, async (i) => call('forged', { bearer: await forged(`stranger-${i}`) })),
      requestGrant(),
    ];
    if (isOutage)
      calls.push(
        ...freshOpaque.map((bearer) => call('opaque', { bearer })),
        call('files', { bearer: afterRotation }),
      );
    await Promise.allSettled(calls);
  }

  /** Starts the calls that stay open: slow ones, and streams that fill all connections. */
  function startHeld() {
    const again = async (make) => {
      while (!ended.signal.aborted) {
        await make();
        await sleep(50);
      }
    };
    for (let i = 0; i < SLOW_CALLS; i += 1)
      background.push(again(() => call('slow', { bearer: good.slow, tool: 'slow' })));
    for (let i = 0; i < HELD_STREAMS; i += 1) {
      background.push(again(() => call('small', { bearer: good.small, tool: 'hold' })));
      background.push(again(() => call('small', { bearer: good.small, method: 'GET' })));
    }
  }

  return {
    startHeld,
    /** Sends rounds for this time. */
    async run(seconds) {
      const end = performance.now() + seconds * 1000;
      while (performance.now() < end) {
        const next = performance.now() + ROUND_MS;
        await round();
        await sleep(Math.max(0, next - performance.now()));
      }
    },
    /** The issuer signs with a new key and stops before the gateway sees it. */
    async beginOutage() {
      await scene.idp.rotate();
      afterRotation = await token('files');
      await scene.idp.stop();
      isOutage = true;
    },
    async stop() {
      ended.abort();
      await Promise.allSettled(background);
    },
    summary: () => `${rounds} rounds: ${[...seen].map(([key, n]) => `${key}: ${n}`).join(', ')}`,
  };
}
