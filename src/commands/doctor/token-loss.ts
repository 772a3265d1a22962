// Finds out whether a token is lost on the way: a proxy refuses its length, or removes it.

import { findParameter } from './challenge.js';
import { fail, type Observation } from './check.js';
import { describeOutcome } from './document.js';
import type { ProxyFix } from './fronts.js';
import { challengesOf, type Inspection } from './inspection.js';
import { hasStatus, type Outcome } from './request.js';

/** The length of a made-up token that passes every proxy. */
export const SHORT_TOKEN = 50;

const TOKEN_LOST = 'the token does not reach the server';
const KEY_NOT_ACCEPTED = 'the server does not accept the key';

/** Why a check does not run after `tokenLoss`. */
export const lossText = ({ target: { key } }: Inspection): string =>
  key === null ? TOKEN_LOST : KEY_NOT_ACCEPTED;

/** A proxy that refuses such a token would refuse almost every header. */
const NOT_LONG = 1_000;

/** Continues a sentence, and is a fix of its own. */
export const OTHER_KEY =
  'the server does not know the key, or reads it from another header or scheme. Its operator ' +
  'knows which; for this gateway, `portcullis explain` says it';

/** `otherwise` is the fix if there is no proxy. */
export const keepAuthorization = (
  { fixFor }: Inspection,
  outcome: Outcome,
  otherwise: string,
): Promise<ProxyFix> =>
  fixFor(
    'authorization',
    `let the proxies on the way keep Authorization. If there is no proxy, ${otherwise}`,
    outcome,
  );

export const allowLongHeaders = ({ fixFor }: Inspection, outcome: Outcome): Promise<ProxyFix> =>
  fixFor(
    'longHeaders',
    'let the proxies on the way, and the server, accept request headers of 64 KB. Or let the ' +
      'issuer put less into the token, such as fewer groups',
    outcome,
  );

/**
 * True for the challenge to a request without a token (RFC 6750 section 3.1): it has no error.
 */
export function isChallengeWithoutToken(outcome: Outcome, withoutToken: Outcome): boolean {
  if (!hasStatus(outcome, 401)) return false;
  const { lines, first } = challengesOf(outcome);
  return (
    first?.scheme.toLowerCase() === 'bearer' &&
    findParameter(first, 'error') === undefined &&
    lines[0] === challengesOf(withoutToken).lines[0]
  );
}

const OTHER_LOGIN = /^(basic|digest|negotiate|ntlm)\b/i;

/** The fix if this response asks for a login that is not OAuth; null for another response. */
export async function ownLogin({ fixFor }: Inspection, outcome: Outcome): Promise<ProxyFix | null> {
  const [line] = challengesOf(outcome).lines;
  if (line === undefined || !OTHER_LOGIN.test(line)) return null;
  return fixFor(
    'ownLogin',
    'let the requests to this URL reach the server: a proxy asks for a login of its own. If the ' +
      'server itself asks for it: MCP clients log in with OAuth only',
    outcome,
  );
}

async function removed(inspection: Inspection, outcome: Outcome): Promise<Observation | null> {
  if (!isChallengeWithoutToken(outcome, await inspection.withoutToken('POST'))) return null;
  const { key } = inspection.target;
  if (key !== null)
    return fail(
      `the server answers as if the request had no key in ${key.place}`,
      key.header === 'authorization'
        ? await keepAuthorization(inspection, outcome, OTHER_KEY)
        : `let the proxies on the way keep ${key.place}. If there is no proxy, ${OTHER_KEY}`,
    );
  return fail(
    'the server answers as if the request had no token: the challenge has no error',
    await keepAuthorization(
      inspection,
      outcome,
      'the server rejects the token and does not say why: compare its audience, issuer, lifetime ' +
        'and scopes',
    ),
  );
}

async function tooLong(inspection: Inspection, outcome: Outcome): Promise<Observation | null> {
  const { length } = inspection.target.token ?? '';
  const isAnswer = outcome.kind === 'response' && [200, 401, 403].includes(outcome.status);
  if (isAnswer || length < NOT_LONG) return null;
  const short = await inspection.withMadeUpToken(SHORT_TOKEN);
  const long = await inspection.withMadeUpToken(length);
  if (!hasStatus(short, 401) || hasStatus(long, 401)) return null;
  return fail(
    `the token has ${length} characters: the request got ${describeOutcome(outcome)}, as with a ` +
      'made-up token of this length. A short one got 401',
    await allowLongHeaders(inspection, outcome),
  );
}

/** The loss of the token of the operator; null if the token reaches the server. */
export async function tokenLoss(inspection: Inspection): Promise<Observation | null> {
  if (!inspection.sendsToken) return null;
  for (const era of ['modern', 'legacy'] as const) {
    const { opening, supported } = await inspection.conversations.in(era);
    if (supported) return null;
    const loss =
      (await removed(inspection, opening.outcome)) ?? (await tooLong(inspection, opening.outcome));
    if (loss !== null) return loss;
  }
  return null;
}
