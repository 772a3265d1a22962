// Checks the upstream of an endpoint. Does it answer? Does it reject a made-up credential? Does it
// accept the fixed credential that the gateway presents?
import type { CheckTask } from '../../app/check-config.js';
import { fail, ok, type Verdict, warn } from '../../app/check-finding.js';
import type { PassThroughRule } from '../../core/credential.js';
import type { Endpoint } from '../../core/endpoint.js';
import type { UpstreamCredentialConfig } from '../../core/upstream-credential.js';
import { askMcp, type Headers, type McpAnswer } from './mcp-answer.js';

type Ask = (more: Headers) => Promise<McpAnswer>;

/** Endpoints with one upstream share the answer to one request. */
export function createAsk(): (url: string, more: Headers) => Promise<McpAnswer> {
  const asked = new Map<string, Promise<McpAnswer>>();
  return (url, more) => {
    const key = JSON.stringify([url, more]);
    const known = asked.get(key) ?? askMcp(url, more);
    asked.set(key, known);
    return known;
  };
}

/** The headers that the gateway sets for every caller. */
const constants = ({ upstreamHeaders }: Endpoint): Headers =>
  Object.fromEntries(
    upstreamHeaders.flatMap((one) =>
      one.kind === 'constant' ? [[one.name, one.value.reveal()] as const] : [],
    ),
  );

const OPEN_FIX =
  'let the upstream verify it (docs/upstream.md), or let only the gateway reach the upstream';

const madeUpFor = ({ scheme, header }: PassThroughRule, madeUp: string): Headers => ({
  [header]: scheme === null ? madeUp : `${scheme} ${madeUp}`,
});

/** The upstream is the only one that checks these credentials. */
async function passThrough({ passThrough: rules }: Endpoint, madeUp: string, ask: Ask) {
  const accepted: string[] = [];
  let observed = '';
  for (const rule of rules) {
    const answer = await ask(madeUpFor(rule, madeUp));
    if (answer.kind === 'problem') return answer.verdict;
    ({ observed } = answer);
    if (answer.kind === 'accepted') accepted.push(rule.scheme ?? rule.header);
  }
  return accepted.length === 0
    ? ok(`rejects a made-up credential (${observed})`)
    : fail(
        `accepts a made-up credential (${accepted.join(', ')}), so every caller passes`,
        'make the upstream reject it, or remove passThrough: upstreamVerifies is not true',
      );
}

/** The upstream gets no credential of a caller or of the gateway. */
async function withoutCredential(endpoint: Endpoint, ask: Ask): Promise<Verdict> {
  const answer = await ask(constants(endpoint));
  if (answer.kind === 'problem') return answer.verdict;
  if (answer.kind === 'accepted')
    return ok('answers without a credential; let only the gateway reach it');
  if (endpoint.apiKeys.length > 0)
    return ok(`demands a credential (${answer.observed}): that of upstreamAuthorization`);
  return fail(
    `demands a credential (${answer.observed}), and the gateway presents none`,
    'write upstream: { url: ..., credential: ... }; docs/upstream.md says which kind to choose',
  );
}

type Presented = Exclude<UpstreamCredentialConfig, { kind: 'none' }>;

async function withCredential(
  endpoint: Endpoint,
  credential: Presented,
  madeUp: string,
  ask: Ask,
): Promise<Verdict> {
  const own = constants(endpoint);
  const name = credential.kind === 'static' ? credential.header : 'authorization';
  const value = name === 'authorization' ? `Bearer ${madeUp}` : madeUp;
  const stranger = await ask({ ...own, [name]: value });
  if (stranger.kind === 'problem') return stranger.verdict;
  if (credential.kind === 'static') {
    const real = await ask({ ...own, [name]: credential.value.reveal() });
    if (real.kind === 'problem') return real.verdict;
    if (real.kind === 'rejected')
      return fail(
        `rejects the credential of the gateway (${real.observed})`,
        'correct the secret of upstream.credential. In authorization, write its scheme too, such ' +
          'as Bearer',
      );
  }
  return stranger.kind === 'rejected'
    ? ok(`rejects a made-up credential (${stranger.observed})`)
    : warn('accepts a made-up credential: a caller that reaches it directly needs none', OPEN_FIX);
}

function verdictOf(endpoint: Endpoint, madeUp: string, ask: Ask): Promise<Verdict> {
  const { upstreamCredential: credential } = endpoint;
  if (endpoint.passThrough.length > 0) return passThrough(endpoint, madeUp, ask);
  if (credential.kind === 'none') return withoutCredential(endpoint, ask);
  return withCredential(endpoint, credential, madeUp, ask);
}

/** `ask`: see `createAsk`. */
export const upstreamTask =
  (
    endpoint: Endpoint,
    madeUp: string,
    ask: (url: string, more: Headers) => Promise<McpAnswer>,
  ): CheckTask =>
  async () => {
    const { url } = endpoint.upstream;
    const verdict = await verdictOf(endpoint, madeUp, (more) => ask(url, more));
    return [{ about: `endpoint ${endpoint.name}`, name: 'upstream', ...verdict }];
  };
