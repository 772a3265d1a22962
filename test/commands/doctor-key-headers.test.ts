// The doctor on a server without authorization server, whose clients send a key in a header. It
// sends the key to that server alone, and never shows it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { linesOf, runAsJson } from './doctor-report.js';
import { type Behaviour, startThirdPartyServer, type ThirdPartyServer } from './third-party-server.js';

const KEY = 'k-0123456789abcdef0123456789abcdef';
const seenKeys: string[] = [];

/** Takes a key in X-Api-Key, and names no authorization server. */
const keysAlone = (good: Behaviour): Partial<Behaviour> => ({
  metadata: { authorization_servers: undefined },
  before: (req, res) => {
    if (req.headers['x-api-key'] !== undefined) seenKeys.push(`${req.method} ${req.url}`);
    if (req.headers['x-api-key'] === KEY) req.headers.authorization = 'Bearer any';
    return good.before(req, res);
  },
  // The middleware compares the whole header: only the key leads to this value.
  takesAnyToken: true,
  challenge: ({ metadataUrl }) => [`Bearer resource_metadata="${metadataUrl}", scope="files:read"`],
});

describe('a server with keys in a header, and no authorization server', () => {
  let server: ThirdPartyServer;
  beforeAll(async () => {
    server = await startThirdPartyServer((good) => ({
      ...keysAlone(good),
      before: (req, res) => {
        // A bearer token is wrong here, whatever it is.
        delete req.headers.authorization;
        return keysAlone(good).before?.(req, res) ?? false;
      },
      challenge: ({ metadataUrl, req }) => {
        const error = req.rawHeaders.some((one) => one.startsWith('Bearer ')) ? 'error="invalid_token", ' : '';
        return [`Bearer ${error}resource_metadata="${metadataUrl}", scope="files:read"`];
      },
    }));
  });
  afterAll(() => server.stop());

  test('without a key: one warning says that clients need a key, and nothing fails', async () => {
    const { code, report } = await runAsJson([server.url]);
    expect([code, linesOf(report, 'fail')]).toEqual([0, []]);
    expect(linesOf(report, 'warn')).toHaveLength(1);
    const warning = report.checks.find(({ name }) => name === 'authorization_servers');
    expect(warning).toMatchObject({
      result: 'warn',
      observed: expect.stringContaining('a client needs a key in a header'),
      fix: expect.stringContaining('cannot see from outside which headers the server reads'),
    });
    expect(linesOf(report, 'ok')).toContain('kind of login: none: a client needs a key in a header');
  });

  test('with the header in PORTCULLIS_TOKEN it reaches the tool call, and sends the key to the URL alone', async () => {
    seenKeys.length = 0;
    const { code, report } = await runAsJson([server.url, '--tool', 'time'], { PORTCULLIS_TOKEN: `X-Api-Key: ${KEY}` });
    expect([code, linesOf(report, 'fail')]).toEqual([0, []]);
    expect(linesOf(report, 'ok')).toEqual(
      expect.arrayContaining([
        'token over a protected connection: the doctor sends the key over https or loopback',
        'tool call, modern: time got a result',
        'tool call, legacy: time got a result',
      ]),
    );
    expect(linesOf(report, 'skipped')).toContain('token audience: the command has a key, and no token');
    expect(JSON.stringify(report)).not.toContain(KEY);
    expect([...new Set(seenKeys)].sort()).toEqual(['GET /mcp', 'POST /mcp']);
  });

  test.each([
    ['an unknown key', 'X-Api-Key: k-unknown-0123456789abcdef', 'X-Api-Key'],
    ['a scheme that the server does not read', `Token ${KEY}`, 'Authorization: Token'],
  ])('%s: the failure names the header', async (_what, header, place) => {
    const { run } = await import('./in-process.js');
    const { code, output } = await run(['doctor', server.url, '--token', '-'], { stdin: [`${header}\n`] });
    expect(code).toBe(1);
    expect(output).toContain(`FAIL     token accepted: the server answers as if the request had no key in ${place}\n`);
    expect(output).toContain('the server does not know the key, or reads it from another header or scheme');
    expect(output.match(/^FAIL/gm)).toHaveLength(1);
    expect(output).not.toContain(header.split(' ').at(-1));
  });

  test.each(['', 'Authorization: ', 'X-Api-Key: '])('a key with a space inside, after "%s": no part of it', async (place) => {
    const { run } = await import('./in-process.js');
    const [first, second] = ['partone-4WfGq8ZtYb1nRs', 'parttwo-9KdLm3XcVp6hTu'];
    const { output, errors } = await run(['doctor', server.url, '--token', '-'], { stdin: [`${place}${first} ${second}\n`] });
    expect(output).not.toBe('');
    for (const part of [first, second]) expect((output + errors).toLowerCase()).not.toContain(part.slice(8).toLowerCase());
  });
});
