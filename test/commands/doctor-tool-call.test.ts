// The tool call of the doctor: missing scopes, a tool that the server does not have, and progress
// while the call runs.
import { describe, expect, test } from 'vitest';
import { DOCTOR_TIMES, doctor } from '../../src/commands/doctor.js';
import { captureIo } from './in-process.js';
import { json, linesOf, runDoctor, status } from './run-doctor.js';
import { type Fault, startThirdPartyServer } from './third-party-server.js';

type Named = { tool?: string; token?: string; scope?: string };

/** The line of the tool call of 2026-07-28, and its fix. */
async function callOf(fault: Fault, { tool, scope, ...more }: Named = {}): Promise<{ line: string; fix: string | undefined }> {
  const server = await startThirdPartyServer(fault, undefined, scope === undefined ? {} : { scope });
  const findings = await runDoctor(server, { tool: tool ?? null, ...more });
  await server.stop();
  const finding = findings.find(({ check }) => check.name === 'tool call, modern');
  return { line: finding === undefined ? '' : `${finding.result} ${finding.observed}`, fix: finding?.fix };
}

const needsScope = (challenge: string): Fault => ({
  takesAnyToken: true,
  before: (req, res) =>
    req.headers['mcp-method'] === 'tools/call' && status(res, 403, challenge === '' ? {} : { 'www-authenticate': challenge }),
});
const STEP_UP = 'Bearer error="insufficient_scope", scope="a b", resource_metadata="https://mcp.example.com/x"';
const GET_A_TOKEN = 'get a token with these scopes';
const ANOTHER_TOOL = '--tool NAME calls another tool';

describe('a tool that needs more scopes: the doctor names them and skips its call', () => {
  test.each<[string, string, Named, string]>([
    ['a tool of the list', STEP_UP, { scope: 'c' }, `time needs scopes that the token lacks (a b); ${ANOTHER_TOOL}`],
    [
      'a named tool, and a token with one of the scopes',
      STEP_UP,
      { tool: 'time', scope: 'files:read a' },
      `time needs scopes that the token lacks (b); ${GET_A_TOKEN}`,
    ],
    ['a token that is not a JWT', STEP_UP, { tool: 'time', token: 'opaque' }, `time needs more scopes (a b); ${GET_A_TOKEN}`],
    [
      'a token that has all of them, for example at another issuer',
      STEP_UP,
      { tool: 'time', scope: 'b a' },
      `time needs more scopes (a b); ${GET_A_TOKEN}`,
    ],
    [
      'a challenge without scopes',
      'Bearer error="insufficient_scope"',
      { tool: 'time' },
      `time needs more scopes (not named); ${GET_A_TOKEN}`,
    ],
    [
      'a tool that the list leaves out',
      STEP_UP,
      { tool: 'hidden', scope: 'a' },
      `hidden needs scopes that the token lacks (b); ${GET_A_TOKEN}`,
    ],
  ])('%s', async (_title, challenge, named, observed) => {
    expect((await callOf(needsScope(challenge), named)).line).toBe(`skipped ${observed}`);
  });

  test.each([
    ['no challenge', ''],
    ['another error', 'Bearer error="invalid_token", scope="a b"'],
  ])('403 with %s is a failure', async (_title, challenge) => {
    const { line } = await callOf(needsScope(challenge), { tool: 'time' });
    expect(line).toMatch(/^fail time got 403 /);
  });
});

/** Lists these tools, and answers each call with this. */
const listing = (names: string[], answer: Record<string, unknown>): Fault => ({
  before: (req, res) => {
    const method = req.headers['mcp-method'];
    if (method === 'tools/list') return json(res, { jsonrpc: '2.0', id: 1, result: { tools: names.map((name) => ({ name })) } });
    return method === 'tools/call' && json(res, { jsonrpc: '2.0', id: 1, ...answer });
  },
});
const UNKNOWN = { error: { code: -32602, message: 'Unknown tool' } };
const OWN_ERROR = { result: { isError: true, content: [{ type: 'text', text: 'MCP error -32602: Tool x not found' }] } };

describe('a tool that the server does not have', () => {
  test('the doctor says so, lists the tools and names the closest one', async () => {
    expect(await callOf(listing(['hello', 'add'], UNKNOWN), { tool: 'helo' })).toEqual({
      line: 'fail the server has no tool helo: it answered "Unknown tool"; its tools are hello, add',
      fix: 'name a tool of the server with --tool; did you mean hello?',
    });
  });

  test('an answer in the form of a tool result, as SDK 1.x sends it', async () => {
    expect((await callOf(listing(['hello'], OWN_ERROR), { tool: 'x' })).line).toBe(
      'fail the server has no tool x: it answered "MCP error -32602: Tool x not found"; its tools are hello',
    );
    expect((await callOf(listing([], UNKNOWN), { tool: 'x' })).line).toMatch(/it lists no tools$/);
  });

  test('the list and the answer have a limited length', async () => {
    const names = Array.from({ length: 500 }, (_one, at) => `tool-${at}-${'x'.repeat(200)}`);
    const { line } = await callOf(listing(names, { error: { code: 1, message: 'y'.repeat(9_000) } }), { tool: 'z' });
    expect(line).toMatch(/ it answered "y{100}\.\.\."; its tools are tool-0-x+\.\.\., .*tool-9-x+\.\.\., and 490 more$/);
    expect(line.length).toBeLessThan(700);
  });

  test('a tool that is not in the list may exist', async () => {
    expect((await callOf(listing(['hello'], { result: { content: [] } }), { tool: 'x' })).line).toBe('ok x got a result');
  });

  test('an error of a listed tool is not an unknown tool', async () => {
    expect((await callOf(listing(['x'], OWN_ERROR), { tool: 'x' })).line).toBe('warn x reports an error of its own');
    expect((await callOf(listing(['x'], UNKNOWN), { tool: 'x' })).line).toMatch(/^fail x got 200 .* Unknown tool$/);
  });
});

test('while a slow tool runs, the progress names the check of its call', async () => {
  const server = await startThirdPartyServer();
  const io = captureIo();
  await doctor([server.url, '--token', server.token, '--tool', 'slow'], io, { ...DOCTOR_TIMES, progressMs: 900 });
  await server.stop();
  const names = io.errors.map((line) => line.replace(/^\.+ +|: running.*$/g, ''));
  expect(names).toEqual(expect.arrayContaining(['tool call, modern', 'tool call, legacy']));
  expect(names).not.toContain('token accepted');
});

test('no call of a tool without a name, if each one may write', async () => {
  const server = await startThirdPartyServer({ ...(listing(['write'], UNKNOWN) as object) });
  const findings = await runDoctor(server);
  await server.stop();
  expect(linesOf(findings, 'skipped')).toContainEqual(expect.stringMatching(/^skipped tool call, modern: no tool is read-only/));
});
