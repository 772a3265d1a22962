// Checks calls against the rules of an endpoint, in tables. For each rule one caller passes.
import { describe, expect, test } from 'vitest';
import { createRules } from '../../src/authorize/rules.js';
import { apiKey, KEY, keyCaller, passThroughCaller, principal, tokenRule } from '../support/endpoint.js';
import { reasonOf } from '../support/kinds.js';
import { at, holder, kind, none, rule, ruled, send, tool } from '../support/rule-calls.js';

describe('rules for tools', () => {
  test.each([
    ['a tool that requires a scope', tool('write_file'), holder('files:write'), holder('files:writex')],
    ['a tool that two rules match: both apply', tool('write_all'), holder('files:purge', 'files:write'), holder('files:write')],
    ['a scope that includes others (A-32)', tool('write_all'), holder('files:*'), holder('files:')],
    [
      'a tool that requires a claim',
      tool('admin_x'),
      principal({ scopes: ['base'], claims: { roles: 'admin' } }),
      holder('admin'),
    ],
    [
      'a claim that is a list (C-45)',
      tool('admin_x'),
      principal({ scopes: ['base'], claims: { roles: ['a', 'admin'] } }),
      principal({ scopes: ['base'], claims: { roles: ['admins', ['admin']] } }),
    ],
  ] as const)('%s', (_what, call, able, unable) => {
    expect(send({ tool: ruled }, able, call)).toBeNull();
    expect(reasonOf(send({ tool: ruled }, unable, call))).toBe(
      call.params.name === 'admin_x' ? 'tool.denied' : 'scope.insufficient',
    );
  });

  test('a tool that no rule matches requires only the base scopes', () => {
    expect(send({ tool: ruled }, holder(), tool('read_file'))).toBeNull();
    expect(reasonOf(send({ tool: ruled }, principal({ scopes: ['files:*'] }), tool('read_file')))).toBe('scope.insufficient');
  });

  test('the challenge names every scope of the call in the order of the rules, for all callers the same (A-31)', () => {
    const everything = ['base', 'files:write', 'files:purge'];
    for (const caller of [principal({ scopes: [] }), holder(), holder('files:purge')]) {
      const refused = send({ tool: ruled }, caller, tool('write_all'));
      expect([reasonOf(refused), refused?.scopes]).toEqual(['scope.insufficient', everything]);
    }
  });

  test('the challenge also names the scopes of other tools that the caller has (A-31)', () => {
    const scopesFor = (caller: ReturnType<typeof holder>, name: string) => send({ tool: ruled }, caller, tool(name))?.scopes;
    expect(scopesFor(holder('files:purge'), 'write_x')).toEqual(['base', 'files:write', 'files:purge']);
    expect(scopesFor(holder('files:write'), 'purge_all')).toEqual(['base', 'files:write', 'files:purge']);
    expect(scopesFor(holder('other'), 'write_x')).toEqual(['base', 'files:write']);
  });

  test('a missing claim is a denial, even if scopes are missing too (A-34)', () => {
    const both = kind('allow', rule('x', { scopes: ['s'], claim: { claim: 'roles', has: 'admin' } }));
    expect(reasonOf(send({ tool: both }, principal({ scopes: ['base'], claims: { roles: 'admin' } }), tool('x')))).toBe(
      'scope.insufficient',
    );
    expect(reasonOf(send({ tool: both }, holder(), tool('x')))).toBe('tool.denied');
  });

  test.each([
    ['as written', 'drop_table'],
    ['in another case', 'DROP_Table'],
    ['in full width', 'ｄrop_table'],
    ['with a space at its end', 'drop_table '],
  ])('no caller may use a denied tool: %s', (_what, name) => {
    expect(send({ tool: ruled }, holder(), tool('drop_tables'))).toBeNull();
    expect(reasonOf(send({ tool: ruled }, holder('files:*'), tool(name)))).toBe('tool.denied');
  });

  test.each(['../x', 'a%2fb', '100%', 'a\\b', 'a?b'])('the name of a tool does not count as a URI: %s', (name) => {
    expect(send({ tool: ruled }, holder(), tool(name))).toBeNull();
    expect(reasonOf(send({ tool: kind('allow', rule(name, { deny: true })) }, holder(), tool(name)))).toBe('tool.denied');
  });

  test('a name of more than 8192 characters is denied', () => {
    const named = (length: number) => reasonOf(send({ tool: ruled }, holder(), tool('x'.repeat(length))));
    expect([named(8_192), named(8_193)]).toEqual(['ok', 'tool.denied']);
  });

  test('another spelling of a restricted name is restricted, another spelling of a listed name is not listed', () => {
    const strict = kind('deny', rule('read_*'), rule('write_*', { scopes: ['files:write'] }));
    expect(send({ tool: strict }, holder(), tool('read_x'))).toBeNull();
    expect(send({ tool: strict }, holder('files:write'), tool('write_x'))).toBeNull();
    expect(reasonOf(send({ tool: strict }, holder(), tool('Read_x')))).toBe('tool.denied');
    expect(reasonOf(send({ tool: ruled }, holder(), tool('WRITE_x')))).toBe('scope.insufficient');
  });

  test('default deny holds for names that no rule matches, also without rules', () => {
    expect(send({ tool: kind('allow') }, holder(), tool('x'))).toBeNull();
    expect(reasonOf(send({ tool: kind('deny') }, holder(), tool('x')))).toBe('tool.denied');
  });

  test.each(['toString', '__proto__', 'constructor'])('a claim called %s must be in the token (C-45)', (claim) => {
    const wanted = kind('allow', rule('x', { claim: { claim, has: 'y' } }));
    const claims = JSON.parse(`{"${claim}":"y"}`) as Record<string, unknown>;
    expect(send({ tool: wanted }, principal({ scopes: ['base'], claims }), tool('x'))).toBeNull();
    expect(reasonOf(send({ tool: wanted }, holder(), tool('x')))).toBe('tool.denied');
  });

  test('a call without a name is invalid where rules compare names', () => {
    expect(send({ prompt: ruled }, holder(), { method: 'tools/call', params: {} })).toBeNull();
    expect(reasonOf(send({ tool: ruled }, holder(), { method: 'tools/call', params: {} }))).toBe('envelope.invalid');
  });

  test('more names than the cache has places get the same decisions', () => {
    const rules = createRules(at, { ...none, tool: ruled });
    for (let i = 0; i < 1_100; i++) {
      expect(rules.isListed(holder(), 'tool', `write_${i}`)).toBe(false);
      expect(rules.isListed(holder('files:write'), 'tool', `write_${i}`)).toBe(true);
    }
    expect(rules.isListed(holder(), 'tool', `write_${'x'.repeat(10_000)}`)).toBe(false);
  });
});

describe('a batch', () => {
  test('is checked call by call, and its challenge names the scopes of all calls', () => {
    expect(send({ tool: ruled }, holder('files:write'), tool('a'), tool('write_x'))).toBeNull();
    expect(reasonOf(send({ tool: ruled }, holder('files:write'), tool('a'), tool('drop_table')))).toBe('tool.denied');
    const refused = send({ tool: ruled }, holder(), tool('write_x'), tool('purge_all'));
    expect([reasonOf(refused), refused?.scopes]).toEqual(['scope.insufficient', ['base', 'files:write', 'files:purge']]);
  });
});

describe('a pass-through caller', () => {
  const caller = passThroughCaller('k', { ...tokenRule, scopes: ['base', 'files:write'] });
  test('may use tools without further requirements, and no tool that requires a scope or a claim', () => {
    expect(send({ tool: ruled }, caller, tool('read_file'))).toBeNull();
    for (const name of ['write_x', 'admin_x', 'drop_table'])
      expect(reasonOf(send({ tool: ruled }, caller, tool(name)))).toBe('tool.denied');
  });
});

describe('a caller with an API key', () => {
  const key = (...scopes: string[]) => keyCaller(apiKey(KEY, { scopes: ['base', ...scopes] }));
  test('has the scopes of its entry, like any other', () => {
    expect(send({ tool: ruled }, key('files:write'), tool('write_file'))).toBeNull();
    const refused = send({ tool: ruled }, key(), tool('write_file'));
    expect([reasonOf(refused), refused?.scopes]).toEqual(['scope.insufficient', ['base', 'files:write']]);
  });

  test('has no claims, so that a rule for a claim rejects it', () => {
    expect(send({ tool: ruled }, principal({ scopes: ['base'], claims: { roles: 'admin' } }), tool('admin_x'))).toBeNull();
    const denied = send({ tool: ruled }, key('admin'), tool('admin_x'));
    expect(reasonOf(denied)).toBe('tool.denied');
    expect(denied?.detail).toBe('the rule requires the claim roles, and an API key has no claims');
  });
});

describe('methods of an endpoint with a policy', () => {
  test.each(['tools/list', 'initialize', 'ping', 'server/discover', 'notifications/initialized', 'tasks/get', 'tools/call'])(
    '%s passes',
    (method) => {
      expect(send({ prompt: ruled }, holder(), { method, params: { name: 'x' } })).toBeNull();
    },
  );

  test.each(['skills/get', 'Tools/Call', 'tools/call ', 'resources/directory/read', 'notifications/x', '__proto__'])(
    '%s is denied unless the policy allows it (B-107, F-05)',
    (method) => {
      expect(send({ allowedMethods: ['x', method] }, holder(), { method })).toBeNull();
      expect(reasonOf(send({ allowedMethods: ['x'] }, holder(), { method }))).toBe('method.denied');
    },
  );

  test.each([
    ['a result', { result: {} }],
    ['an error', { error: { code: -1, message: 'x' } }],
  ])('%s of the client is denied only where the policy denies responses', (_what, answer) => {
    expect(send({ clientResponses: true }, holder(), answer)).toBeNull();
    expect(reasonOf(send({ clientResponses: true }, principal({ scopes: [] }), answer))).toBe('scope.insufficient');
    expect(reasonOf(send({ clientResponses: false }, holder(), answer))).toBe('method.denied');
  });

  test('all of them require the base scopes', () => {
    expect(reasonOf(send({}, principal({ scopes: [] }), { method: 'tools/list' }))).toBe('scope.insufficient');
  });
});
