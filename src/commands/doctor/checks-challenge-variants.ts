// Checks the challenges to variants of the request: repeated, by other methods, with an invalid
// token, with a forwarded host.
import { initializeRequest, modernRequest } from '../mcp-request.js';
import { findParameter } from './challenge.js';
import { type Check, fail, ok, skipped, warn } from './check.js';
import { CLIENT_NAME } from './client-name.js';
import { describeOutcome } from './document.js';
import { challengesOf, type Inspection } from './inspection.js';
import { hasStatus, type Outcome, sendRequest } from './request.js';
import { isChallengeWithoutToken, keepAuthorization, ownLogin, SHORT_TOKEN } from './token-loss.js';

const NO_CHALLENGE = 'there is no challenge';

const is401 = (outcome: Outcome): boolean => hasStatus(outcome, 401);

/** Sends the opening request of the legacy era without the token, and with these headers. */
function postWith({ target: { url } }: Inspection, more: Record<string, string>): Promise<Outcome> {
  const { headers, body } = initializeRequest(CLIENT_NAME);
  return sendRequest({ url, method: 'POST', body, headers: { ...headers, ...more } });
}

export const challengeVariantChecks: readonly Check[] = [
  {
    name: 'same challenge',
    expected: 'the same bytes for a second POST, a modern POST, GET and DELETE',
    fix:
      'remove what varies (times, ids, the order of scopes): a client that compares challenges ' +
      'would log in again and again',
    requirement: 'A-31, D-34',
    async probe(inspection) {
      const outcome = await inspection.withoutToken('POST');
      const first = challengesOf(outcome).lines[0];
      if (!is401(outcome) || first === undefined) return skipped(NO_CHALLENGE);
      const { url } = inspection.target;
      const discover = modernRequest(CLIENT_NAME, 'server/discover');
      const others: Outcome[] = [
        await postWith(inspection, {}),
        await sendRequest({ url, method: 'POST', ...discover }),
        await inspection.withoutToken('GET'),
        await inspection.withoutToken('DELETE'),
      ];
      const different = others
        .filter(is401)
        .map((other) => challengesOf(other).lines[0] ?? 'no challenge')
        .find((line) => line !== first);
      return different === undefined
        ? ok('all challenges are the same')
        : fail(`the challenges differ: ${first} | ${different}`);
    },
  },
  {
    name: 'invalid token',
    expected: 'an invalid token gets 401 with error="invalid_token"',
    fix:
      'respond with 401 and invalid_token to every bad token: clients renew a token only at this ' +
      'response',
    requirement: 'A-20, C-08, D-30',
    async probe(inspection) {
      if (!is401(await inspection.withoutToken('POST')))
        return skipped('POST without a token did not get 401');
      const outcome = await inspection.withMadeUpToken(SHORT_TOKEN);
      const got = `an invalid token got ${describeOutcome(outcome)}`;
      if (hasStatus(outcome, 503))
        return warn(
          'an invalid token got 503: the server cannot check tokens now',
          'check whether its identity provider responds',
        );
      if (outcome.kind === 'response' && outcome.status < 300)
        return fail(`${got}: the server accepts any token`);
      if (!is401(outcome)) return fail(got);
      const { first } = challengesOf(outcome);
      const error = first === null ? undefined : findParameter(first, 'error')?.value;
      if (error === undefined)
        return fail(
          'an invalid token got 401 without error',
          isChallengeWithoutToken(outcome, await inspection.withoutToken('POST'))
            ? await keepAuthorization(
                inspection,
                outcome,
                'respond with 401 and invalid_token to every bad token: clients renew a token only ' +
                  'at this response',
              )
            : ((await ownLogin(inspection, outcome)) ?? undefined),
        );
      const observed = `an invalid token got 401 with error="${error}"`;
      return error === 'invalid_token' ? ok(observed) : fail(observed);
    },
  },
  {
    name: 'forwarded host',
    expected: 'X-Forwarded-Host from a client does not change a URL',
    fix: 'build resource_metadata from a configured public address, never from request headers',
    requirement: 'A-06',
    async probe(inspection) {
      const first = challengesOf(await inspection.withoutToken('POST')).lines[0];
      if (first === undefined) return skipped(NO_CHALLENGE);
      const host = `${CLIENT_NAME}.invalid`;
      // POST, because a cache could store the wrong URL of a response to GET.
      const outcome = await postWith(inspection, {
        'x-forwarded-host': host,
        forwarded: `host=${host}`,
      });
      return challengesOf(outcome).lines.some((line) => line.includes(host))
        ? fail('the challenge contains the host of X-Forwarded-Host')
        : ok('the challenge ignores X-Forwarded-Host');
    },
  },
];
