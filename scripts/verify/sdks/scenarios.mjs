// The scenarios that every SDK runs: each through the gateway, and beside it directly.
import { PADDING, READ, runClient, startHop, tokenOfAbsentIssuer, WRITE } from './driver.mjs';
import { throughFacade } from './facade.mjs';

const CLIENT_MS = 120_000;
const QUIET_MS = 200_000;
/** A token that the gateway rejects with 401. */
const INVALID = 'Bearer not-a-token';

/** Replaces the tool of a call, also in the header of revision 2026-07-28. */
const withTool =
  (tool) =>
  ({ headers, body }) => {
    const message = JSON.parse(body);
    message.params.name = tool;
    const named = 'mcp-name' in headers ? { ...headers, 'mcp-name': tool } : headers;
    return { headers: named, body: Buffer.from(JSON.stringify(message)) };
  };

const withToken =
  (authorization) =>
  ({ headers }) => ({ headers: { ...headers, authorization } });

const bearer = (parameters) => ({ 'www-authenticate': `Bearer ${parameters}` });

/**
 * The refusals. `change` makes the gateway refuse the call; `status` and `headers` are what a
 * server without a gateway answers.
 */
const REFUSALS = {
  401: { status: 401, headers: bearer('error="invalid_token"'), change: () => withToken(INVALID) },
  '403 by a rule': { status: 403, change: () => withTool('forbidden') },
  '403 for a scope': {
    status: 403,
    headers: bearer(`error="insufficient_scope", scope="${READ} ${WRITE}"`),
    change: () => withTool('write'),
  },
  413: {
    status: 413,
    change:
      () =>
      ({ body }) => ({ body: Buffer.concat([body, PADDING]) }),
  },
  503: {
    status: 503,
    headers: { 'retry-after': '1' },
    change: ({ audience }) => withToken(`Bearer ${tokenOfAbsentIssuer(audience)}`),
  },
};

const ofServer = ({ status, headers }) => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: '{"error":"refused"}',
});

/** The run of a client of `lane`; `label` names its log. */
const client = (lane, url, scenario, label, more) =>
  runClient(lane.sdk, url, scenario, {
    folder: lane.folder,
    label: `${lane.server.name}-${label}`,
    token: lane.token,
    ms: CLIENT_MS,
    ...more,
  });

const both = async (direct, through) => ({ direct: await direct(), through: await through() });

const basic = {
  name: 'basic',
  expected: { call: 'hello' },
  run: (lane) =>
    both(
      () => client(lane, lane.upstream.url, 'basic', 'basic-direct'),
      () => client(lane, lane.gateway.url, 'basic', 'basic-through'),
    ),
};

const quiet = {
  name: 'quiet',
  expected: { notify: 'arrived' },
  run: async (lane) => {
    const ms = { ms: QUIET_MS };
    const [direct, through] = await Promise.all([
      client(lane, lane.upstream.url, 'quiet', 'quiet-direct', ms),
      client(lane, lane.gateway.url, 'quiet', 'quiet-through', ms),
    ]);
    return { direct, through };
  },
};

/** The client runs behind a hop that handles its second call differently. */
async function behindHop(lane, to, handling, label) {
  const hop = await startHop(to, handling);
  const { status } = handling;
  try {
    const steps = await client(lane, hop.url, 'refused', label);
    if (status === undefined || hop.refusedWith() === status) return steps;
    throw new Error(`the gateway answered ${hop.refusedWith()}, not ${status}`);
  } finally {
    hop.stop();
  }
}

const refused = Object.entries(REFUSALS).map(([name, refusal]) => ({
  name,
  isRefusal: true,
  run: (lane) =>
    both(
      () => behindHop(lane, lane.upstream.url, { answer: ofServer(refusal) }, `${name}-direct`),
      () => {
        const change = refusal.change({ audience: lane.gateway.url });
        const { status } = refusal;
        return behindHop(lane, lane.gateway.url, { change, status }, `${name}-through`);
      },
    ),
}));

const restart = (name, ofDirect, ofThrough) => ({
  name,
  run: (lane) =>
    both(
      () => {
        const onWait = () => ofDirect(lane);
        return client(lane, lane.upstream.url, 'restart', `${name}-direct`, { onWait });
      },
      () => {
        const onWait = () => ofThrough(lane);
        return client(lane, lane.gateway.url, 'restart', `${name}-through`, { onWait });
      },
    ),
});

const restartUpstream = restart(
  'restart upstream',
  ({ upstream }) => upstream.restart(),
  ({ upstream }) => upstream.restart(),
);

/** Its direct run has no restart: the clients must not see one. */
const restartGateway = restart(
  'restart gateway',
  async () => {},
  ({ gateway }) => gateway.restart(),
);

const LOGGED_IN = {
  call: 'hello',
  'call again': 'hello again',
  write: 'written',
  'write again': 'written',
};

const loginAt = (name, urlOf) => ({
  name,
  expected: LOGGED_IN,
  run: async (lane) => ({
    through: await client(lane, urlOf(lane.gateway), 'login', name, { token: undefined }),
  }),
});

const login = loginAt('login', ({ url }) => url);
const stepUp = loginAt('step-up', ({ stepUrl }) => stepUrl);

/** At an identity provider without registration. */
const facade = {
  name: 'facade',
  expected: LOGGED_IN,
  run: async (lane) => {
    const { facade, facadeUrl } = lane.gateway;
    const run = (more) => client(lane, facadeUrl, 'login', 'facade', { token: undefined, ...more });
    return { through: await throughFacade(facade, WRITE, run) };
  },
};

/** These run at the same time for all SDKs. */
export const together = [quiet];
/** These run one after another. The restarts come last: they disturb the lane. */
export const inTurn = [basic, ...refused, login, stepUp, facade, restartGateway, restartUpstream];
/** These run with the server or the client of another SDK too. */
export const withOthers = [basic];
