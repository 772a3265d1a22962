// Decides what the doctor wants of a conversation with the token: a first word, a list of tools and one call, in each era.
import { type Check, fail, ok, type Seen, skipped, warn } from './check.js';
import { type Look, whyNot } from './look.js';
import { header } from './request.js';
import type { Era, Said, Talk } from './talk.js';

const REFUSED = new Set([401, 403]);

const errorOf = ({ rpc }: Said): string =>
  rpc?.error === undefined
    ? ''
    : `, JSON-RPC ${String(rpc.error.code)} ${String(rpc.error.message)}`;
const saidWhat = (said: Said): string => `${whyNot(said.asked)}${errorOf(said)}`;

/** Nothing is said to a server that would refuse it. */
const SILENT = skipped('no token to send');

const talking = async (look: Look, era: Era, judge: (talk: Talk) => Seen): Promise<Seen> =>
  (await look.mayTalk()) ? judge(await look.talk.in(era)) : SILENT;

const served = (look: Look, era: Era, judge: (talk: Talk) => Seen): Promise<Seen> =>
  talking(look, era, (talk) => (talk.served ? judge(talk) : skipped(`${era} is not served`)));

const NAMES = { modern: '2026-07-28', legacy: '2025-11-25 and before' } as const;

/** Those that both eras have. */
const inEra = (era: Era): readonly Check[] => [
  {
    name: `first word, ${era}`,
    wants:
      era === 'modern'
        ? 'server/discover is answered with a result'
        : 'initialize is answered with a result',
    mend: 'look at the log of the server; a status of 5xx keeps clients from trying the other era',
    requirement: era === 'modern' ? 'B-37, B-39' : 'B-40',
    look: (look) =>
      talking(look, era, ({ first, served: serves }) => {
        const { asked } = first;
        if (serves) return ok(NAMES[era]);
        if (asked.kind === 'trouble' || asked.status >= 500) return fail(saidWhat(first));
        return skipped(
          REFUSED.has(asked.status)
            ? `refused: ${saidWhat(first)}`
            : `not served: ${saidWhat(first)}`,
        );
      }),
  },
  {
    name: `tools, ${era}`,
    wants: 'tools/list is answered with a list',
    mend: 'look at the log of the server',
    requirement: 'B-23',
    look: (look) =>
      served(look, era, ({ tools }) => {
        const list = tools?.rpc?.result?.tools;
        return Array.isArray(list)
          ? ok(`${list.length} tools`)
          : fail(tools === null ? 'no answer' : saidWhat(tools));
      }),
  },
  {
    name: `call of a tool, ${era}`,
    wants: 'a call of a tool that only reads is answered with a result',
    mend: 'look at the log of the server; --tool names another tool',
    requirement: 'B-23, D-07',
    look: (look) =>
      served(look, era, ({ tool, call }) => {
        if (tool === null || call === null) {
          const { tool: named } = look.target;
          if (named !== null) return fail(`there is no tool ${named}`);
          return skipped(
            'no tool says that it only reads (readOnlyHint) and needs no argument; --tool NAME calls one all the same',
          );
        }
        const result = call.rpc?.result;
        if (result === undefined) return fail(`${tool}: ${saidWhat(call)}`);
        return result.isError === true ? warn(`${tool}: the tool says that it failed`) : ok(tool);
      }),
  },
];

export const callChecks: readonly Check[] = [
  {
    name: 'token taken',
    wants: 'the token is not refused',
    mend: 'compare the token with what the server wants (audience, issuer, time, scopes); behind this gateway `portcullis explain` tells which',
    requirement: 'A-20, A-30',
    async look(look) {
      if (!look.mayAuthorize) return SILENT;
      for (const era of ['modern', 'legacy'] as const) {
        const { first } = await look.talk.in(era);
        const { asked } = first;
        if (asked.kind !== 'answer' || !REFUSED.has(asked.status)) continue;
        return fail(
          `${asked.status}: ${header(asked, 'www-authenticate') || 'without a challenge'}${errorOf(first)}`,
        );
      }
      return ok('taken');
    },
  },
  ...inEra('modern'),
  ...inEra('legacy'),
  {
    name: 'some era',
    wants: 'the server speaks at least one era',
    mend: 'mend the server: it answers neither server/discover nor initialize',
    requirement: 'B-32, B-40',
    async look(look) {
      if (!(await look.mayTalk())) return SILENT;
      const talks = [await look.talk.in('modern'), await look.talk.in('legacy')];
      if (talks.some(({ served: serves }) => serves)) return ok('it does');
      // Said before, and better.
      if (
        talks.some(({ first: { asked } }) => asked.kind === 'answer' && REFUSED.has(asked.status))
      )
        return skipped('the token is refused');
      return fail(talks.map(({ first }) => saidWhat(first)).join(' | '));
    },
  },
  {
    name: 'notification',
    wants: 'notifications/initialized is 202 without a body',
    mend: 'answer 202 to a notification',
    requirement: 'B-22, D-27',
    look: (look) =>
      served(look, 'legacy', ({ initialized }) => {
        if (initialized?.kind !== 'answer') return fail('no answer');
        return initialized.status === 202
          ? ok('202')
          : initialized.status < 300
            ? warn(String(initialized.status))
            : fail(whyNot(initialized));
      }),
  },
  {
    name: 'no session in the modern era',
    wants: 'answers of 2026-07-28 carry no Mcp-Session-Id',
    mend: 'leave the header out there: that revision has no sessions',
    requirement: 'B-85',
    look: (look) =>
      served(look, 'modern', ({ first: { asked } }) => {
        const session = asked.kind === 'answer' ? header(asked, 'mcp-session-id') : '';
        return session === '' ? ok('none') : warn('there is one');
      }),
  },
];
