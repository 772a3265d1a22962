// Checks a conversation with the token, in each era: the opening request, the list of tools and one
// tool call.
import { type Check, fail, type Observation, ok, skipped, warn } from './check.js';
import { describeOutcome } from './document.js';
import type { Inspection } from './inspection.js';
import type { Conversation, Era } from './mcp-conversation.js';
import { header, type Outcome } from './request.js';
import { lossText, OTHER_KEY, ownLogin, tokenLoss } from './token-loss.js';
import { describeReply, evaluateToolCall, rpcErrorOf } from './tool-call.js';

const ERAS = ['modern', 'legacy'] as const;
const REVISIONS = { modern: '2026-07-28', legacy: '2025-11-25 or before' } as const;
const OPENINGS = { modern: 'server/discover', legacy: 'initialize' } as const;

/** The doctor sends nothing to a server that would reject it. */
const NO_TOKEN = skipped('there is no token to send');

const isRejection = (outcome: Outcome): boolean =>
  outcome.kind === 'response' && [401, 403].includes(outcome.status);

async function inConversation(
  inspection: Inspection,
  era: Era,
  evaluate: (conversation: Conversation) => Observation | Promise<Observation>,
): Promise<Observation> {
  if (!(await inspection.canConverse())) return NO_TOKEN;
  if ((await tokenLoss(inspection)) !== null) return skipped(lossText(inspection));
  return evaluate(await inspection.conversations.in(era));
}

/** For checks of an era that the server supports. */
const ifSupported = (
  inspection: Inspection,
  era: Era,
  evaluate: (conversation: Conversation) => Observation | Promise<Observation>,
): Promise<Observation> =>
  inConversation(inspection, era, (conversation) =>
    conversation.supported
      ? evaluate(conversation)
      : skipped(`the server does not support the ${era} era`),
  );

/** The checks of both eras. */
const checksOf = (era: Era): readonly Check[] => [
  {
    name: `opening request, ${era}`,
    expected: `${OPENINGS[era]} gets a result`,
    fix: 'read the log of the server; a 5xx status keeps clients from trying the other era',
    requirement: era === 'modern' ? 'B-37, B-39' : 'B-40',
    probe: (inspection) =>
      inConversation(inspection, era, ({ opening, supported }) => {
        if (supported) return ok(`the server supports ${REVISIONS[era]}`);
        const { outcome } = opening;
        const observed = `${OPENINGS[era]} got ${describeReply(opening)}`;
        if (outcome.kind === 'no response' || outcome.status >= 500) return fail(observed);
        return skipped(
          isRejection(outcome)
            ? `the server rejects the request: ${observed}`
            : `the server does not support the ${era} era: ${observed}`,
        );
      }),
  },
  {
    name: `tool list, ${era}`,
    expected: 'tools/list gets a list',
    fix: 'read the log of the server',
    requirement: 'B-23',
    probe: (inspection) =>
      ifSupported(inspection, era, async ({ list }) => {
        const reply = await list();
        const tools = reply?.rpc?.result?.tools;
        if (Array.isArray(tools)) return ok(`${tools.length} tools`);
        return fail(
          `tools/list got ${reply === null ? 'no reply' : describeReply(reply)}, no list`,
        );
      }),
  },
  {
    name: `tool call, ${era}`,
    expected: 'the call of a read-only tool gets a result',
    fix: 'read the log of the server; --tool selects another tool',
    requirement: 'B-23, D-07',
    probe: (inspection) =>
      ifSupported(inspection, era, (conversation) => evaluateToolCall(inspection, conversation)),
  },
];

export const callChecks: readonly Check[] = [
  {
    name: 'token accepted',
    expected: 'the server accepts the token',
    fix:
      'compare the token with the requirements of the server (an access token and not an ID ' +
      'token, audience, issuer, lifetime, scopes). Behind this gateway `portcullis explain` names ' +
      'the check that fails',
    requirement: 'A-20, A-30',
    async probe(inspection) {
      if (!inspection.sendsToken) return NO_TOKEN;
      const loss = await tokenLoss(inspection);
      if (loss !== null) return loss;
      const isKey = inspection.target.key !== null;
      let isSupported = false;
      for (const era of ERAS) {
        const { opening, supported } = await inspection.conversations.in(era);
        const { outcome } = opening;
        isSupported ||= supported;
        if (outcome.kind !== 'response' || !isRejection(outcome)) continue;
        const challenge = header(outcome, 'www-authenticate');
        return fail(
          `${OPENINGS[era]} got ${outcome.status} ` +
            `${challenge === '' ? 'without a challenge' : `with ${challenge}`}` +
            rpcErrorOf(opening),
          (await ownLogin(inspection, outcome)) ?? (isKey ? OTHER_KEY : undefined),
        );
      }
      return isSupported
        ? ok(`the server accepts the ${isKey ? 'key' : 'token'}`)
        : skipped('no opening request got a result');
    },
  },
  ...checksOf('modern'),
  ...checksOf('legacy'),
  {
    name: 'supported era',
    expected: 'the server supports at least one era',
    fix: 'fix the server: it gives no result for server/discover, and none for initialize',
    requirement: 'B-32, B-40',
    async probe(inspection) {
      if (!(await inspection.canConverse())) return NO_TOKEN;
      if ((await tokenLoss(inspection)) !== null) return skipped(lossText(inspection));
      const all: { era: Era; conversation: Conversation }[] = [];
      for (const era of ERAS)
        all.push({ era, conversation: await inspection.conversations.in(era) });
      const supported = all.filter(({ conversation }) => conversation.supported);
      if (supported.length > 0)
        return ok(`the server supports ${supported.map(({ era }) => era).join(' and ')}`);
      // The check "token accepted" has said so already.
      if (all.some(({ conversation }) => isRejection(conversation.opening.outcome)))
        return skipped('the server rejects the token');
      return fail(
        all
          .map(({ era, conversation: c }) => `${OPENINGS[era]} got ${describeReply(c.opening)}`)
          .join(' | '),
      );
    },
  },
  {
    name: 'notification',
    expected: 'notifications/initialized gets 202 without a body',
    fix: 'respond with 202 to a notification',
    requirement: 'B-22, D-27',
    probe: (inspection) =>
      ifSupported(inspection, 'legacy', ({ initialized }) => {
        if (initialized?.kind !== 'response') return fail('the notification got no response');
        if (initialized.status === 202) return ok('the notification got 202');
        return initialized.status < 300
          ? warn(`the notification got ${initialized.status} instead of 202`)
          : fail(`the notification got ${describeOutcome(initialized)}`);
      }),
  },
  {
    name: 'no session in the modern era',
    expected: 'responses of 2026-07-28 have no Mcp-Session-Id',
    fix: 'remove the header there: that revision has no sessions',
    requirement: 'B-85',
    probe: (inspection) =>
      ifSupported(inspection, 'modern', ({ opening: { outcome } }) => {
        const session = outcome.kind === 'response' ? header(outcome, 'mcp-session-id') : '';
        return session === ''
          ? ok('the response has no Mcp-Session-Id')
          : warn('the response has an Mcp-Session-Id');
      }),
  },
];
