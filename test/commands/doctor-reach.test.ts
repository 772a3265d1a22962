// What the doctor says where there is no MCP server to examine, where it is asked about the wrong address, and while it waits.
import { describe, expect, test } from 'vitest';
import { allChecks } from '../../src/commands/doctor/examine.js';
import { createWaiting } from '../../src/commands/doctor/waiting.js';
import { until } from '../fixtures/wait.js';
import { examined, type Fault, hasToken, heading, html, INSERTED, linked, OPEN, status, told } from './examined.js';
import { type Behaviour, startStrange } from './strange-server.js';

const atMcp = (answer: Behaviour['before']): Fault => ({ before: (req, res) => req.url === '/mcp' && answer(req, res) });
const noMetadata = (answer: Behaviour['before']): Fault => ({
  before: (req, res) => (String(req.url).includes('/.well-known/') ? status(res, 404) : answer(req, res)),
});

async function found(fault: Fault, more: Parameters<typeof examined>[1] = {}) {
  const strange = await startStrange(fault);
  const all = await examined(strange, more);
  await strange.stop();
  const first = all.find(({ verdict }) => verdict === 'fail');
  return { all, first: `${first?.check.name}: ${first?.saw}`, mend: first?.mend, ends: told(all, 'skipped').at(-1), strange };
}
const LEFT = /no MCP server was found$/;

describe('no MCP server is said to be none, and no other check is made', () => {
  test.each<[string, Fault, string, RegExp]>([
    [
      '404',
      atMcp((_req, res) => status(res, 404)),
      '404 application/json: no MCP server answers at this URL',
      /^is this the URL, letter by letter/,
    ],
    ['a web page', noMetadata((_req, res) => html(res)), '200 HTML, and no resource metadata: this is no MCP server', /^$/],
    [
      'a proxy alone',
      noMetadata((_req, res) => html(res, 502)),
      '502 HTML: no MCP server answers',
      /^look whether the MCP server runs/,
    ],
  ])('%s', async (_what, fault, saw, mends) => {
    const { all, first, mend, ends } = await found(fault);
    expect([all.length, first, ends]).toEqual([allChecks.length, `an MCP server: ${saw}`, expect.stringMatching(LEFT)]);
    expect(told(all, 'fail')).toHaveLength(1);
    expect(mend ?? '').toMatch(mends);
  });

  test('a slash too many is asked about, and what the metadata names', async () => {
    const strange = await startStrange({
      before(req) {
        if (req.url === `${INSERTED}/`) req.url = INSERTED;
        return false;
      },
    });
    expect(told(await examined(strange), 'fail')).toEqual([]);
    const [one] = (await examined(strange, { url: `${strange.url}/` })).filter(({ verdict }) => verdict === 'fail');
    await strange.stop();
    expect(one?.check.name).toBe('an MCP server');
    expect(one?.mend).toContain(`It ends in a slash: try it without. The metadata names ${strange.url}.`);
  });
});

describe('what is strange, and yet may be one, is examined', () => {
  // With no token to show, what serves whoever brings one is not to hide what else speaks for it.
  test.each<[string, Fault, string, { token: null } | undefined]>([
    ['a page in place of 401, beside metadata', atMcp((_req, res) => html(res)), '200 HTML', { token: null }],
    [
      '404 for whoever brings no token',
      atMcp((req, res) => !hasToken(req) && status(res, 404)),
      '404 application/json',
      undefined,
    ],
    [
      'a method that is not known (2026-07-28)',
      atMcp((_req, res) => {
        res.writeHead(404, { 'content-type': 'application/json' });
        res.end('{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method not found"}}');
        return true;
      }),
      '404 application/json',
      { token: null },
    ],
  ])('%s', async (_what, fault, saw, more) => {
    const { all, first } = await found(fault, more);
    expect(first).toBe(`login asked for: ${saw}`);
    expect(told(all, 'skipped').filter((line) => LEFT.test(line))).toEqual([]);
  });
});

describe('an open server', () => {
  test('owes web pages no header that it does not send, and Codex no login', async () => {
    const { all } = await found({ ...OPEN, exposed: '' }, { token: null });
    expect(told(all, 'fail')).toEqual([]);
    expect(told(all, 'ok')).toContain('ok copy of that metadata at the origin: 404, 404: there is no login');
  });
  test('owes them those that it sends', async () => {
    const session = heading((code, fields) => {
      fields['mcp-session-id'] = 's';
      return code;
    });
    const { first } = await found((good) => ({ ...session(good), ...OPEN, exposed: '' }), { token: null });
    expect(first).toBe('readable by a web page: not exposed: mcp-session-id');
  });
});

test('the copy of the metadata: a warning of 404 wants no 404', async () => {
  const { all } = await found({});
  const one = all.find(({ check }) => check.name === 'copy of that metadata at the origin');
  expect([one?.verdict, one?.check.wants]).toEqual(['warn', expect.not.stringMatching(/or 404$/)]);
});

test('an address that is not the public one: what differs says so', async () => {
  const elsewhere = 'http://127.0.0.1:9';
  const { all } = await found((good) => ({
    ...linked(`${elsewhere}/.well-known/oauth-protected-resource/mcp`)(good),
    metadata: { resource: `${elsewhere}/mcp` },
  }));
  const failed = all.filter(({ verdict }) => verdict === 'fail');
  expect(failed.map(({ check }) => check.name)).toEqual(['resource_metadata', 'metadata of the challenge', 'resource']);
  for (const { mend } of failed)
    expect(mend).toMatch(/^examine the public URL, .*replica.*; if this is the public URL, (let|write) /);
});

test('whoever waits for one check is told how long, and of no check that is over', async () => {
  const said: string[] = [];
  const waiting = createWaiting(20, (line) => void said.push(line));
  waiting.begin('short');
  waiting.begin('quiet stream');
  await until('two lines', () => said.length >= 2);
  waiting.end();
  const { length } = said;
  expect(said.every((line) => line.startsWith('...      quiet stream: '))).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(said).toHaveLength(length);
});
