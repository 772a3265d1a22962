// Checks calls against the rules of an endpoint, in tables. For each rule one caller passes.
import { describe, expect, test } from 'vitest';
import { createRules } from '../../src/authorize/rules.js';
import type { Kind, KindPolicy, Policy, Rule } from '../../src/core/policy.js';
import type { Caller } from '../../src/core/principal.js';
import { readMessage } from '../../src/mcp/read-message.js';
import { endpoint, passThroughCaller, principal, tokenRule } from '../support/endpoint.js';
import { exchange } from '../support/exchange.js';
import { reasonOf } from '../support/kinds.js';

const rule = (pattern: string, more: Partial<Rule> = {}): Rule => ({ pattern, scopes: [], claim: null, deny: false, ...more });

const kind = (byDefault: 'allow' | 'deny', ...rules: Rule[]): KindPolicy => ({ default: byDefault, rules, filterLists: true });

const none: Policy = { tool: null, prompt: null, resource: null, allowedMethods: [], clientResponses: false };

const at = endpoint({ scopes: ['base'], scopeImplies: new Map([['files:*', ['files:write', 'files:purge']]]) });

/** Checks these calls of a caller, sent in one message of a legacy revision. */
function send(policy: Partial<Policy>, caller: Caller, ...calls: object[]) {
  const written = calls.map((call) => ({ jsonrpc: '2.0', id: 1, ...call }));
  const body = Buffer.from(JSON.stringify(written.length === 1 ? written[0] : written));
  const message = readMessage(
    exchange({ lines: [['mcp-protocol-version', written.length === 1 ? '2025-11-25' : '2025-03-26']] }),
    body,
  );
  if (!message.ok) throw new Error(`not a message: ${message.detail}`);
  return createRules(at, { ...none, ...policy }).check(caller, message.value);
}

const tool = (name: string) => ({ method: 'tools/call', params: { name } });
const prompt = (name: string) => ({ method: 'prompts/get', params: { name } });
const read = (uri: string) => ({ method: 'resources/read', params: { uri } });
const holder = (...scopes: string[]) => principal({ scopes: ['base', ...scopes] });

const ruled = kind(
  'allow',
  rule('write_*', { scopes: ['files:write'] }),
  rule('*_all', { scopes: ['files:purge'] }),
  rule('admin_*', { claim: { claim: 'roles', has: 'admin' } }),
  rule('drop_table', { deny: true }),
);

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
      expect(rules.mayUse(holder(), 'tool', `write_${i}`)).toBe(false);
      expect(rules.mayUse(holder('files:write'), 'tool', `write_${i}`)).toBe(true);
    }
    expect(rules.mayUse(holder(), 'tool', `write_${'x'.repeat(10_000)}`)).toBe(false);
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

  test('a response of the client is denied unless the policy allows it', () => {
    const answer = { result: {} };
    expect(send({ clientResponses: true }, holder(), answer)).toBeNull();
    expect(reasonOf(send({}, holder(), answer))).toBe('method.denied');
  });

  test('all of them require the base scopes', () => {
    expect(reasonOf(send({}, principal({ scopes: [] }), { method: 'tools/list' }))).toBe('scope.insufficient');
  });
});

describe('prompts and resources', () => {
  const secrets = kind('allow', rule('secret*', { deny: true }));
  const files = kind('allow', rule('file:///secret/*', { deny: true }), rule('file:///own/*', { scopes: ['own'] }));

  test('prompts by name', () => {
    expect(send({ prompt: secrets }, holder(), prompt('open'))).toBeNull();
    expect(reasonOf(send({ prompt: secrets }, holder(), prompt('secret plan')))).toBe('prompt.denied');
    expect(send({ tool: secrets }, holder(), prompt('secret plan'))).toBeNull();
  });

  test.each(['resources/read', 'resources/subscribe', 'resources/unsubscribe'])('resources by URI: %s', (method) => {
    const of = (uri: string) => reasonOf(send({ resource: files }, holder(), { method, params: { uri } }));
    expect(of('file:///open/x')).toBe('ok');
    expect(of('file:///secret/x')).toBe('resource.denied');
    expect(of('file:///own/x')).toBe('scope.insufficient');
  });

  test.each([
    ['an escape', 'file:///%73ecret/x'],
    ['an escape in another case', 'FILE:///%53ecret/x'],
    ['a segment that goes up', 'file:///open/../secret/x'],
    ['an escaped segment that goes up', 'file:///open/%2e%2e/secret/x'],
    ['an escape of an escape', 'file:///%2573ecret/x'],
    ['a backslash', 'file:///open\\..\\secret/x'],
    ['an escaped slash that goes up', 'file:///open/..%2fsecret/x'],
    ['an invalid escape', 'file:///%zzsecret'],
    ['an invalid character', 'file:///%ffsecret'],
    ['one slash instead of three', 'file:/secret/x'],
    ['four slashes', 'file:////secret/x'],
    ['no slash', 'file:secret/x'],
    ['the host localhost', 'file://localhost/secret/x'],
    ['a tab, which URL parsers drop', 'file:///sec\tret/x'],
    ['an escaped tab', 'file:///sec%09ret/x'],
    ['two dots with a line end between them', 'file:///open/.\n./secret/x'],
    ['two dots in full width', 'file:///open/\uff0e\uff0e/secret/x'],
    ['two dots and a parameter', 'file:///open/..;/secret/x'],
    ['a query in a file URI', 'file:///secret?/x'],
    ['a loopback address', 'file://127.0.0.1/secret/x'],
    ['a soft hyphen', 'file:///sec\u00adret/x'],
    ['more marks on one letter than text has', `file:///open/a${'\u0301'.repeat(31)}`],
    ['a host that is too long', `https://${'\u4e00'.repeat(512)}/`],
    ['a host that is too long, after an invisible character', `\u200bhttps://${'\u4e00'.repeat(512)}/`],
    ['more than 8192 characters', `file:///open/${'x'.repeat(8_192)}`],
  ])('another spelling of a URI does not bypass a rule: %s', (_what, uri) => {
    expect(send({ resource: files }, holder(), read('file:///open/a%20b%2Fc..d/.e'))).toBeNull();
    expect(reasonOf(send({ resource: files }, holder(), read(uri)))).toBe('resource.denied');
  });

  test('another spelling of a URI does not bypass a list of allowed resources', () => {
    const open = kind('deny', rule('file:///open/*'), rule('https://a.example/*.md'));
    const of = (uri: string) => reasonOf(send({ resource: open }, holder(), read(uri)));
    for (const uri of ['file:///open/a', 'https://a.example/b.md']) expect([uri, of(uri)]).toEqual([uri, 'ok']);
    const around = [
      'file:///open/.\n./etc/passwd',
      'file:///open/..\t/etc/passwd',
      'file:///open/\r../etc/passwd',
      'file:/open/a',
    ];
    for (const uri of around) expect([uri, of(uri)]).toEqual([uri, 'resource.denied']);
  });

  test('a pattern is compared as written, and as URL parsers write it', () => {
    const rules = kind(
      'allow',
      rule('HTTPS://Api.example:443/private/*', { deny: true }),
      rule('https://b.example/x y', { deny: true }),
    );
    const of = (uri: string) => reasonOf(send({ resource: rules }, holder(), read(uri)));
    expect(of('https://api.example/open/x')).toBe('ok');
    for (const uri of [
      'https://api.example:443/private/x',
      'https://api.example/private/x',
      'https:api.example/private/x',
      'https://me:x@api.example/private/x',
      'https://api.example./private/x',
      'https://b.example/x%20y',
      'https://b.example/x y',
      'https://b.example/x%20y?z',
    ])
      expect([uri, of(uri)]).toEqual([uri, 'resource.denied']);
  });

  test('a completion is checked for every name in its ref, whatever its type is', () => {
    const complete = (ref: unknown) =>
      reasonOf(
        send({ prompt: secrets, resource: files }, holder(), {
          method: 'completion/complete',
          params: { ref, argument: { name: 'secret', value: '' } },
        }),
      );
    expect(complete({ type: 'ref/prompt', name: 'open' })).toBe('ok');
    expect(complete({ type: 'ref/resource', uri: 'file:///open/{x}' })).toBe('ok');
    expect(complete({ type: 'ref/prompt', name: 'secret' })).toBe('prompt.denied');
    expect(complete({ type: 'ref/prompt', name: 'open', uri: 'file:///secret/x' })).toBe('resource.denied');
    expect(complete({ type: 'ref/resource', uri: 'file:///own/x' })).toBe('scope.insufficient');
    for (const ref of [
      null,
      'x',
      {},
      { type: 'ref/tool', name: 'open' },
      { name: 1 },
      [{ type: 'ref/prompt', name: 'open' }],
      { type: 'ref/prompt', name: 'open', Name: 'secret' },
    ])
      expect([ref, complete(ref)]).toEqual([ref, 'envelope.invalid']);
    const beside = { ref: {}, notifications: { resourceSubscriptions: ['file:///open/x'] } };
    const call = { method: 'completion/complete', params: beside };
    expect(reasonOf(send({ resource: files }, holder(), call))).toBe('envelope.invalid');
  });

  test('a completion passes if the endpoint has no rules for prompts or resources', () => {
    expect(send({ tool: secrets }, holder(), { method: 'completion/complete', params: { ref: 7 } })).toBeNull();
  });

  test.each([
    ['one name twice', '{"ref":{"type":"ref/prompt","name":"open","name":"secret"}}'],
    ['two refs', '{"ref":{"type":"ref/prompt","name":"open"},"Ref":{"type":"ref/prompt","name":"secret"}}'],
    ['a name with an escape', '{"ref":{"type":"ref/prompt","n\\u0061me":"secret","name":"open"}}'],
  ])('an ambiguous ref is rejected: %s', (_what, params) => {
    const body = (text: string) => Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":${text}}`);
    const resultOf = (text: string) => {
      const message = readMessage(exchange({ lines: [['mcp-protocol-version', '2025-11-25']] }), body(text));
      return message.ok
        ? reasonOf(createRules(at, { ...none, prompt: secrets }).check(holder(), message.value))
        : 'envelope.invalid';
    };
    expect(resultOf('{"ref":{"type":"ref/prompt","name":"open"}}')).toBe('ok');
    expect(resultOf(params)).toBe('envelope.invalid');
  });

  test('a subscription is checked for every resource that it names', () => {
    const listen = (notifications: unknown) =>
      reasonOf(send({ resource: files }, holder(), { method: 'subscriptions/listen', params: { notifications } }));
    expect(listen({ toolsListChanged: true })).toBe('ok');
    expect(listen({ resourceSubscriptions: ['file:///open/x', 'file:///open/y'] })).toBe('ok');
    expect(listen({ resourceSubscriptions: ['file:///open/x', 'file:///secret/y'] })).toBe('resource.denied');
    expect(listen({ resourceSubscriptions: ['file:///open/x', 'file:///own/y'] })).toBe('scope.insufficient');
    expect(listen({ resourceSubscriptions: 'file:///open/x' })).toBe('envelope.invalid');
    expect(listen({ resourceSubscriptions: Array(1_000).fill('file:///open/x') })).toBe('ok');
    expect(listen({ resourceSubscriptions: Array(1_001).fill('file:///open/x') })).toBe('envelope.invalid');
    expect(listen({ resourceSubscriptions: [['file:///secret/y']] })).toBe('envelope.invalid');
    expect(listen({ resourceSubscriptions: Array(16).fill(`x:${'y'.repeat(8_000)}`) })).toBe('ok');
    expect(listen({ resourceSubscriptions: Array(17).fill(`x:${'y'.repeat(8_000)}`) })).toBe('envelope.invalid');
  });

  test('a batch with a completion is rejected', () => {
    const complete = { method: 'completion/complete', params: { ref: { type: 'ref/prompt', name: 'open' } } };
    expect(send({ prompt: secrets }, holder(), complete)).toBeNull();
    expect(reasonOf(send({ prompt: secrets }, holder(), complete, tool('x')))).toBe('envelope.invalid');
  });
});

test('a list shows exactly what a call may use, for each kind (A-37)', () => {
  const policy = {
    tool: ruled,
    prompt: kind('deny', rule('open')),
    resource: kind('allow', rule('file:///secret/*', { deny: true })),
  };
  const rules = createRules(at, { ...none, ...policy });
  const calls = { tool, prompt, resource: read };
  const named: Record<Kind, string[]> = {
    tool: ['read_file', 'write_file', 'write_all', 'admin_x', 'drop_table', 'DROP_TABLE'],
    prompt: ['open', 'Open', 'x'],
    resource: ['file:///open', 'file:///secret/x', 'file:///a/../secret/x', 'file:///%73ecret/x'],
  };
  const callers = [
    principal({ scopes: [] }),
    holder(),
    holder('files:*'),
    principal({ scopes: ['base'], claims: { roles: 'admin' } }),
    passThroughCaller(),
  ];
  const decisions = new Set<boolean>();
  for (const caller of callers)
    for (const one of ['tool', 'prompt', 'resource'] as const)
      for (const name of named[one]) {
        const shown = rules.mayUse(caller, one, name);
        decisions.add(shown);
        expect([name, shown]).toEqual([name, send(policy, caller, calls[one](name)) === null]);
      }
  expect(decisions.size).toBe(2);
});
