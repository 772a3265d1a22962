// The doctor behind front proxies: it finds what they do to tokens, bodies and headers, names the
// proxy where a response shows it, and gives its setting. Behind a correct front it finds nothing.
import { beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../src/commands/doctor/check.js';
import type { FrontFaults } from '../fixtures/front.js';
import { behind, failedNames, found, probeBehind } from './behind-front.js';
import { html, linesOf, redirect } from './run-doctor.js';
import type { Fault } from './third-party-server.js';

describe('a correct front', () => {
  let findings: Finding[] = [];
  beforeAll(async () => {
    findings = await behind({}, { claims: { groups: 'g'.repeat(6_800) } });
  });
  test('nothing fails, with a token of 9 KB', () => {
    expect(linesOf(findings, 'fail')).toEqual([]);
    expect(linesOf(findings, 'warn').filter((line) => !line.includes('authorization server metadata at'))).toEqual([]);
  });
  test.each([
    ['long token', 'ok', /^a made-up token of 16 KB got 401/],
    ['large body without a token', 'ok', /^3 requests with 2 MB got the whole 401$/],
    ['token accepted', 'ok', /accepts the token/],
    ['time of the first event', 'ok', /^the first event arrived after \d+ ms, a response without a stream after \d+ ms$/],
    // Only this gateway rejects a repeated header.
    ['Mcp-Param headers', 'skipped', /cannot see it/],
  ])('%s is %s', (name, result, observed) => {
    expect(found(findings, name)).toMatchObject({ result, observed: expect.stringMatching(observed) });
  });
});

describe('a front that refuses long headers', () => {
  const CASES: [name: string, faults: FrontFaults, longest: number, setting: RegExp][] = [
    ['nginx', { name: 'nginx/1.22.1', headerBytes: 8_192, headerStatus: 400 }, 8_000, /^nginx, .*large_client_header_buffers/],
    ['Apache', { name: 'Apache/2.4.71 (Debian)', headerBytes: 8_190 }, 8_000, /^Apache, .*LimitRequestFieldSize 65536/],
    [
      'lighttpd',
      { name: 'lighttpd/1.4.69', headerBytes: 7_000, headerStatus: 431 },
      4_000,
      /^lighttpd, .*max-request-field-size/,
    ],
    ['nginx with 494', { name: 'nginx', headerBytes: 8_192, headerStatus: 494 }, 8_000, /^nginx, /],
    ['414', { name: 'Caddy', headerBytes: 8_192, headerStatus: 414 }, 8_000, /^nginx: /],
    ['without a name', { headerBytes: 15_000 }, 12_000, /^nginx: `large_client_header_buffers/],
  ];
  test.each(CASES)('%s: a warning with the longest token that passes', async (_title, faults, longest, setting) => {
    const finding = await probeBehind('long token', faults);
    expect(finding?.result).toBe('warn');
    expect(finding?.observed).toMatch(`one of ${longest} characters got 401`);
    expect(finding?.settings?.[0]).toMatch(setting);
  });

  test('shorter than the tokens of real issuers: a failure', async () => {
    expect((await probeBehind('long token', { headerBytes: 3_000 })).result).toBe('fail');
  });

  test('a token of 9 KB: one check names the proxy and its setting, and no fix speaks of the server', async () => {
    const findings = await behind({ name: 'nginx/1.22.1', headerBytes: 8_192 }, { claims: { groups: 'g'.repeat(6_800) } });
    expect(failedNames(findings)).toEqual(['token accepted']);
    const finding = found(findings, 'token accepted');
    expect(finding?.observed).toMatch(
      /^the token has 9\d{3} characters: the request got 400 with an HTML page, as with a made-up token of this length/,
    );
    expect(finding?.settings).toEqual([expect.stringMatching(/^nginx, which is in front: `large_client_header_buffers/)]);
    expect(linesOf(findings, 'skipped')).toContain('skipped supported era: the token does not reach the server');
  });

  test('a token that the server itself rejects with 400 is not too long for a proxy', async () => {
    const fault: Fault = {
      before: (req, res) => {
        if (req.headers.authorization?.includes('eyJ') !== true || req.url !== '/mcp') return false;
        res.writeHead(400, { 'content-type': 'application/json' }).end('{}');
        return true;
      },
    };
    const findings = await behind({}, { fault, claims: { groups: 'g'.repeat(6_800) } });
    expect(found(findings, 'token accepted')?.observed).toBe('no opening request got a result');
    expect(failedNames(findings)).toEqual(['supported era']);
  });
});

describe('a front that removes Authorization', () => {
  test.each([
    ['Squid', { name: 'squid/5.7', drops: /^authorization$/i }, /^Squid, which is in front: `login=PASSTHRU`/],
    ['without a name', { drops: /^authorization$/i }, /^Squid: `login=PASSTHRU`/],
  ])('%s: the doctor says that the token did not arrive', async (_title, faults, setting) => {
    const findings = await behind(faults);
    expect(failedNames(findings)).toEqual(['invalid token', 'token accepted']);
    expect(found(findings, 'token accepted')?.observed).toBe(
      'the server answers as if the request had no token: the challenge has no error',
    );
    for (const name of ['invalid token', 'token accepted']) {
      expect(found(findings, name)?.fix).toMatch(/^let the proxies on the way keep Authorization/);
      expect(found(findings, name)?.settings?.[0]).toMatch(setting);
    }
    expect(linesOf(findings, 'skipped')).toContain('skipped long token: the server answers as if the request had no token');
  });
});

describe('a front and large bodies', () => {
  test('a limit of 1 MB: a warning, with the setting', async () => {
    const finding = await probeBehind('large body without a token', { name: 'nginx', bodyBytes: 1 << 20 });
    expect(finding).toMatchObject({ result: 'warn', settings: [expect.stringContaining('client_max_body_size 10m')] });
    expect(finding?.observed).toBe('request 1 of 3 with 2 MB got 413 with an HTML page');
  });
  test('a connection that is reset while the client writes: a failure', async () => {
    const finding = await probeBehind('large body without a token', { resets: true });
    expect(finding?.result).toBe('fail');
    expect(finding?.observed).toMatch(/^request 1 of 3 with 2 MB got (no response|401)/);
  });
});

describe('a front that changes the 401', () => {
  test('without its challenge: the fix names the proxy', async () => {
    const finding = await probeBehind(
      'challenge format',
      { name: 'nginx', strips: /^www-authenticate$/i },
      { target: { token: null } },
    );
    expect(finding?.observed).toBe('the response has no WWW-Authenticate header');
    expect(finding?.settings?.[0]).toMatch(/^nginx, which is in front: no `proxy_intercept_errors on`/);
  });
  test('as a page of its own', async () => {
    expect(
      (await probeBehind('challenge format', { instead: (res) => html(res, 401) }, { target: { token: null } })).observed,
    ).toMatch(/no WWW-Authenticate header, and is an HTML page$/);
  });
  test('as a redirect to its login page: not "give clients the URL at the end"', async () => {
    const findings = await behind(
      { name: 'nginx', instead: (res) => redirect(res, '/oauth2/sign_in') },
      { target: { token: null } },
    );
    const finding = found(findings, 'no redirect');
    expect(finding?.fix).toMatch(/^let the requests to this URL reach the server: a proxy asks for a login/);
    expect(finding?.settings).toEqual([expect.stringContaining('`auth_request off`')]);
  });
  test('as a redirect to a slash: the fix of the table', async () => {
    expect(
      (await probeBehind('no redirect', { instead: (res) => redirect(res, '/mcp/') }, { target: { token: null } })).fix,
    ).toBeUndefined();
  });
  test('as a page that keeps the challenge: web pages cannot read it', async () => {
    const paged = (res: Parameters<typeof html>[0]): void => {
      res.setHeader('www-authenticate', 'Bearer resource_metadata="https://mcp.example.com/x"');
      html(res, 401);
    };
    const readable = await probeBehind('readable by a web page', { name: 'nginx', instead: paged });
    expect(readable).toMatchObject({ result: 'fail', settings: [expect.stringContaining('`proxy_intercept_errors on`')] });
    expect(await probeBehind('readable by a web page', { name: 'nginx' })).toMatchObject({ result: 'ok' });
  });
  test('with a Basic login', async () => {
    const basic = (res: Parameters<typeof html>[0]): void => {
      res.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    };
    // The fix for an invalid token is not about a lost token.
    for (const name of ['challenge format', 'invalid token'])
      expect((await probeBehind(name, { instead: basic })).fix, name).toMatch(
        /^let the requests to this URL reach the server: a proxy asks/,
      );
  });
});
