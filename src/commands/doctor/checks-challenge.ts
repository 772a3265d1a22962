// Checks the response to a request without a token: its status and its challenge.
import { isProtectedUrl } from '../../core/loopback.js';
import { type Challenge, findParameter } from './challenge.js';
import { type Check, fail, type Observation, ok, otherOrigin, skipped, warn } from './check.js';
import { describeOutcome } from './document.js';
import { challengesOf, type Inspection } from './inspection.js';
import { hasStatus, isHtml, type Outcome } from './request.js';
import { ownLogin } from './token-loss.js';

const OTHER_METHODS = ['GET', 'HEAD', 'DELETE'];
const NOT_401 = 'POST without a token did not get 401';

const OPEN = 'without a token got 200: the server needs no login';

const FROM_CONFIGURATION = 'write the whole URL from a configured public address';

const NO_SCOPE =
  'nothing, if every client is to request these scopes of scopes_supported at its login. ' +
  'Otherwise name the scopes that every call needs';

const statusOf = (outcome: Outcome): string =>
  outcome.kind === 'response' ? String(outcome.status) : outcome.code;
const is401 = (outcome: Outcome): boolean => hasStatus(outcome, 401);

/** For checks that read the challenge. */
async function withChallenge(
  inspection: Inspection,
  evaluate: (challenge: Challenge) => Observation | Promise<Observation>,
): Promise<Observation> {
  const { first } = challengesOf(await inspection.withoutToken('POST'));
  return first === null ? skipped('there is no challenge that can be parsed') : evaluate(first);
}

function evaluateLine(line: string, first: Challenge | null): Observation {
  if (first === null) return fail(`the challenge cannot be parsed: ${line}`);
  if (!line.startsWith('Bearer ') || first.scheme !== 'Bearer')
    return fail(`the challenge does not begin with "Bearer ": ${line}`);
  if (/ {2}/.test(line)) return fail(`the challenge has two spaces in a row: ${line}`);
  // A second scheme name begins another challenge.
  if (/,\s*[A-Za-z]+ +[a-z_]+=/.test(line)) return fail(`several challenges in one line: ${line}`);
  const names = first.parameters.map(({ name }) => name);
  return new Set(names).size < names.length ? fail(`a parameter appears twice: ${line}`) : ok(line);
}

/** A 401 without a challenge: the server sends none, or a proxy replaces or changes the 401. */
async function noChallenge(inspection: Inspection, outcome: Outcome): Promise<Observation> {
  const page = outcome.kind === 'response' && isHtml(outcome) ? ', and is an HTML page' : '';
  return fail(
    `the response has no WWW-Authenticate header${page}`,
    await inspection.fixFor(
      'challenges',
      'send one line, `Bearer resource_metadata="..."`. If the server does, let the proxies on the ' +
        'way pass on its 401 unchanged',
      outcome,
    ),
  );
}

export const challengeChecks: readonly Check[] = [
  {
    name: 'login required',
    expected: 'POST without a token gets 401',
    fix:
      'respond with 401 and a challenge: clients begin a login at no other status, also not at ' +
      'a redirect or an error with status 200',
    requirement: 'A-20, A-29, D-06',
    async probe(inspection) {
      const outcome = await inspection.withoutToken('POST');
      if (is401(outcome)) return ok('POST without a token got 401');
      if (await inspection.isOpen()) {
        const isResult = outcome.kind === 'response' && outcome.text.includes('"result"');
        const open = `${isResult ? 'POST' : 'server/discover'} ${OPEN}`;
        return (await inspection.metadata()) === null
          ? warn(open, 'nothing, if the server is open on purpose')
          : fail(`${open}, but its metadata names one`);
      }
      return fail(`POST without a token got ${describeOutcome(outcome)}`);
    },
  },
  {
    name: '401 before 405',
    expected: 'GET, HEAD and DELETE without a token get 401 too',
    fix:
      'check the credential before the method: Codex and mcp-remote probe with GET, Gemini CLI ' +
      'with HEAD, and any other status ends their login',
    requirement: 'A-20, A-28',
    async probe(inspection) {
      if (!is401(await inspection.withoutToken('POST'))) return skipped(NOT_401);
      const outcomes: [string, Outcome][] = [];
      for (const method of OTHER_METHODS)
        outcomes.push([method, await inspection.withoutToken(method)]);
      const got = outcomes.map(([method, outcome]) => `${method} got ${statusOf(outcome)}`);
      const observed = got.join(', ');
      return outcomes.every(([, outcome]) => is401(outcome)) ? ok(observed) : fail(observed);
    },
  },
  {
    name: 'challenge format',
    expected: 'one WWW-Authenticate line with one challenge that begins with "Bearer "',
    fix:
      'send one line, `Bearer resource_metadata="..."`, and nothing else: the SDKs read nothing ' +
      'after another scheme, and VS Code needs the capital B',
    requirement: 'A-21, A-25, C-03, C-04',
    async probe(inspection) {
      const outcome = await inspection.withoutToken('POST');
      if (!is401(outcome)) return skipped(NOT_401);
      const { lines, first } = challengesOf(outcome);
      const [line, ...more] = lines;
      if (line === undefined) return noChallenge(inspection, outcome);
      if (more.length > 0)
        return fail(`${lines.length} WWW-Authenticate lines: ${lines.join(' | ')}`);
      const otherLogin = await ownLogin(inspection, outcome);
      if (otherLogin !== null)
        return fail(`the challenge does not begin with "Bearer ": ${line}`, otherLogin);
      return evaluateLine(line, first);
    },
  },
  {
    name: 'challenge parameters',
    expected:
      'scope, error and resource_metadata occur only as parameter names, quoted and not empty',
    fix:
      'remove other names and texts that contain these words: clients search for them with ' +
      'unanchored expressions. Leave scope out if there is none',
    requirement: 'A-26, A-27',
    probe: (inspection) =>
      withChallenge(inspection, (challenge) => {
        const text = challenge.parameters.map(({ name, value }) => `${name}=${value}`).join(' ');
        for (const name of ['scope', 'error', 'resource_metadata']) {
          const own = findParameter(challenge, name);
          if (text.split(`${name}=`).length - 1 > (own === undefined ? 0 : 1))
            return fail(`"${name}=" occurs in another parameter`);
          if (own !== undefined && !own.quoted) return fail(`${name} is not quoted`);
          if (own?.value === '') return fail(`${name} is empty`);
        }
        return ok(challenge.parameters.map(({ name }) => name).join(', '));
      }),
  },
  {
    name: 'no error without a token',
    expected: 'the challenge to a request without a credential has no error',
    fix:
      'leave error out until a client sends a bad token: Codex begins a login only at a ' +
      'challenge without it',
    requirement: 'C-02',
    probe: (inspection) =>
      withChallenge(inspection, (challenge) => {
        const error = findParameter(challenge, 'error');
        return error === undefined
          ? ok('the challenge has no error')
          : fail(`the challenge has error="${error.value}"`);
      }),
  },
  {
    name: 'resource_metadata',
    expected: 'an absolute https URL with the origin of the server',
    fix:
      `${FROM_CONFIGURATION}: Claude ignores a relative URL without a message, ` +
      'and Codex ignores one of another origin',
    requirement: 'A-02, A-06, A-21',
    probe: (inspection) =>
      withChallenge(inspection, (challenge) => {
        const value = findParameter(challenge, 'resource_metadata')?.value;
        if (value === undefined) return fail('the challenge has no resource_metadata');
        if (!URL.canParse(value)) return fail(`the URL is not absolute: ${value}`);
        if (!isProtectedUrl(value)) return fail(`the URL is not https: ${value}`);
        return new URL(value).origin === inspection.url.origin
          ? ok(value)
          : fail(`the URL has another origin: ${value}`, otherOrigin(FROM_CONFIGURATION));
      }),
  },
  {
    name: 'challenge scope',
    expected: 'scope names the scopes that access needs, without offline_access',
    fix:
      'name the scopes that every call needs: without them several clients request all scopes of ' +
      'the authorization server',
    requirement: 'A-22, A-33',
    probe: (inspection) =>
      withChallenge(inspection, async (challenge) => {
        const scope = findParameter(challenge, 'scope')?.value;
        if (scope === undefined) {
          const { scopes_supported: published } = (await inspection.metadata()) ?? {};
          return Array.isArray(published) && published.length > 0
            ? warn('the challenge has no scope: clients request scopes_supported', NO_SCOPE)
            : warn('the challenge has no scope');
        }
        return scope.split(' ').includes('offline_access')
          ? warn(`scope includes offline_access: ${scope}`)
          : ok(`scope is ${scope}`);
      }),
  },
];
