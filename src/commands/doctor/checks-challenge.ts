// Decides what the doctor wants of answers to those who bring no token, or a bad one.
import { randomBytes } from 'node:crypto';
import { isProtectedUrl } from '../../core/loopback.js';
import { initializeRequest, modernRequest } from '../mcp-request.js';
import { type Challenge, parameterOf } from './challenge.js';
import { type Check, elsewhere, fail, ok, type Seen, skipped, warn } from './check.js';
import { type Look, whyNot } from './look.js';
import { type Asked, ask } from './request.js';
import { CLIENT } from './talk.js';

const PROBES = ['GET', 'HEAD', 'DELETE'];

const FROM_CONFIGURATION = 'write the whole URL from a configured public address';

const statusOf = (asked: Asked): string =>
  asked.kind === 'answer' ? String(asked.status) : asked.code;
const asksForLogin = (asked: Asked): boolean => asked.kind === 'answer' && asked.status === 401;

/** For checks of the challenge: there is none to judge where none was sent. */
async function withChallenge(
  look: Look,
  judge: (challenge: Challenge) => Seen | Promise<Seen>,
): Promise<Seen> {
  const { first } = look.challengesOf(await look.bare('POST'));
  return first === null ? skipped('no challenge that can be read') : judge(first);
}

export const challengeChecks: readonly Check[] = [
  {
    name: 'login asked for',
    wants: 'POST without a token is 401',
    mend: 'answer 401 with a challenge, not a redirect, an error with status 200, or another status: clients begin a login at nothing else',
    requirement: 'A-20, A-29, D-06',
    async look(look) {
      const asked = await look.bare('POST');
      if (asksForLogin(asked)) return ok('401');
      if (await look.isOpen()) {
        const open = '200: anybody may call this server';
        return (await look.metadata()) === null
          ? warn(open, 'nothing, if it is meant to be open')
          : fail(open);
      }
      return fail(whyNot(asked));
    },
  },
  {
    name: '401 before 405',
    wants: 'GET, HEAD and DELETE without a token are 401 too',
    mend: 'look at the credential before the method: Codex and mcp-remote probe with GET, Gemini CLI with HEAD, and anything but 401 ends their login',
    requirement: 'A-20, A-28',
    async look(look) {
      if (!asksForLogin(await look.bare('POST'))) return skipped('POST is not 401');
      const answers: [string, Asked][] = [];
      for (const method of PROBES) answers.push([method, await look.bare(method)]);
      const saw = answers.map(([method, asked]) => `${method} ${statusOf(asked)}`).join(', ');
      return answers.every(([, asked]) => asksForLogin(asked)) ? ok(saw) : fail(saw);
    },
  },
  {
    name: 'challenge line',
    wants: 'one WWW-Authenticate line with one challenge that begins "Bearer "',
    mend: 'send one line, `Bearer resource_metadata="..."`, and nothing beside it: the SDKs read nothing behind another scheme, VS Code wants the capital B',
    requirement: 'A-21, A-25, C-03, C-04',
    async look(look) {
      const asked = await look.bare('POST');
      if (!asksForLogin(asked)) return skipped('POST is not 401');
      const { lines, first } = look.challengesOf(asked);
      if (lines.length !== 1)
        return fail(
          lines.length === 0
            ? 'no WWW-Authenticate'
            : `${lines.length} lines: ${lines.join(' | ')}`,
        );
      const line = lines[0] as string;
      if (first === null) return fail(`cannot be read: ${line}`);
      if (!line.startsWith('Bearer ') || first.scheme !== 'Bearer' || / {2}/.test(line))
        return fail(line);
      // Its own name a second time is another challenge.
      if (/,\s*[A-Za-z]+ +[a-z_]+=/.test(line)) return fail(`several challenges: ${line}`);
      const names = first.parameters.map(({ name }) => name);
      return new Set(names).size < names.length ? fail(`a parameter twice: ${line}`) : ok(line);
    },
  },
  {
    name: 'challenge parameters',
    wants:
      'scope, error and resource_metadata only as parameters of these names, in quotes, none empty',
    mend: 'drop what repeats these words in other names or texts: clients look for them with unanchored expressions; scope is left out where there is none',
    requirement: 'A-26, A-27',
    look: (look) =>
      withChallenge(look, (challenge) => {
        const text = challenge.parameters.map(({ name, value }) => `${name}=${value}`).join(' ');
        for (const name of ['scope', 'error', 'resource_metadata']) {
          const own = parameterOf(challenge, name);
          if (text.split(`${name}=`).length - 1 > (own === undefined ? 0 : 1))
            return fail(`${name}= stands in another parameter`);
          if (own !== undefined && (!own.quoted || own.value === ''))
            return fail(`${name} ${own.quoted ? 'is empty' : 'is not in quotes'}`);
        }
        return ok(challenge.parameters.map(({ name }) => name).join(', '));
      }),
  },
  {
    name: 'no error without a token',
    wants: 'no error in the challenge to a request that brought no credential',
    mend: 'leave error out until a token was sent and was bad: Codex begins a login only at a challenge without it',
    requirement: 'C-02',
    look: (look) =>
      withChallenge(look, (challenge) => {
        const error = parameterOf(challenge, 'error');
        return error === undefined ? ok('none') : fail(`error="${error.value}"`);
      }),
  },
  {
    name: 'resource_metadata',
    wants: 'an absolute URL, https, of the same origin as the server',
    mend: `${FROM_CONFIGURATION}: Claude ignores a relative one in silence, Codex one of another origin`,
    requirement: 'A-02, A-06, A-21',
    look: (look) =>
      withChallenge(look, (challenge) => {
        const value = parameterOf(challenge, 'resource_metadata')?.value;
        if (value === undefined) return fail('absent');
        if (!URL.canParse(value)) return fail(`not absolute: ${value}`);
        if (!isProtectedUrl(value)) return fail(`not https: ${value}`);
        return new URL(value).origin === look.url.origin
          ? ok(value)
          : fail(`another origin: ${value}`, elsewhere(FROM_CONFIGURATION));
      }),
  },
  {
    name: 'challenge scope',
    wants: 'scope names what access needs, without offline_access',
    mend: 'name the scopes that every call needs: without them several clients ask for all scopes of the authorization server',
    requirement: 'A-22, A-33',
    look: (look) =>
      withChallenge(look, (challenge) => {
        const scope = parameterOf(challenge, 'scope')?.value;
        if (scope === undefined) return warn('absent');
        return scope.split(' ').includes('offline_access') ? warn(scope) : ok(scope);
      }),
  },
  {
    name: 'same challenge',
    wants: 'the same bytes for POST again, a modern POST, GET and DELETE',
    mend: 'leave out what varies (times, ids, the order of scopes): a client that compares challenges logs in without end',
    requirement: 'A-31, D-34',
    async look(look) {
      const bare = await look.bare('POST');
      const first = look.challengesOf(bare).lines[0];
      if (!asksForLogin(bare) || first === undefined) return skipped('no challenge');
      const again: Asked[] = [];
      for (const request of [initializeRequest(CLIENT), modernRequest(CLIENT, 'server/discover')]) {
        again.push(await ask({ url: look.target.url, method: 'POST', ...request }));
      }
      again.push(await look.bare('GET'), await look.bare('DELETE'));
      const other = again
        .filter(asksForLogin)
        .map((asked) => look.challengesOf(asked).lines[0] ?? 'no challenge')
        .find((line) => line !== first);
      return other === undefined ? ok('the same') : fail(`${first} | ${other}`);
    },
  },
  {
    name: 'a bad token',
    wants: 'a token that nobody issued is 401 with error="invalid_token"',
    mend: 'answer 401 invalid_token to every token that is not good: clients renew theirs at that and at nothing else',
    requirement: 'A-20, C-08, D-30',
    async look(look) {
      if (!asksForLogin(await look.bare('POST'))) return skipped('POST without a token is not 401');
      const authorization = `Bearer ${CLIENT}-${randomBytes(12).toString('hex')}`;
      const request = initializeRequest(CLIENT);
      const asked = await ask({
        url: look.target.url,
        method: 'POST',
        body: request.body,
        headers: { ...request.headers, authorization },
      });
      if (asked.kind === 'answer' && asked.status === 503)
        return warn(
          '503: it cannot check tokens now',
          'look whether its identity provider answers',
        );
      if (!asksForLogin(asked))
        return fail(
          asked.kind === 'answer' && asked.status < 300
            ? `${asked.status}: it takes any token`
            : whyNot(asked),
        );
      const { first } = look.challengesOf(asked);
      const error = first === null ? undefined : parameterOf(first, 'error')?.value;
      return error === 'invalid_token'
        ? ok('401 invalid_token')
        : fail(`401 ${error ?? 'without error'}`);
    },
  },
  {
    name: 'forwarded host',
    wants: 'X-Forwarded-Host of a caller changes no URL',
    mend: 'build resource_metadata from a configured public address, never from request headers',
    requirement: 'A-06',
    async look(look) {
      const first = look.challengesOf(await look.bare('POST')).lines[0];
      if (first === undefined) return skipped('no challenge');
      const evil = `${CLIENT}.invalid`;
      const request = initializeRequest(CLIENT);
      // A POST, which no cache keeps: a GET could leave the wrong URL in one.
      const headers = { ...request.headers, 'x-forwarded-host': evil, forwarded: `host=${evil}` };
      const asked = await ask({
        url: look.target.url,
        method: 'POST',
        body: request.body,
        headers,
      });
      return look.challengesOf(asked).lines.some((line) => line.includes(evil))
        ? fail('it stands in the challenge')
        : ok('unchanged');
    },
  },
];
