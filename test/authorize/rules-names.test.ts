// Rules for prompts and resources, and the lists that show what a call may use.
import { describe, expect, test } from 'vitest';
import { createRules } from '../../src/authorize/rules.js';
import type { Kind, KindPolicy } from '../../src/core/policy.js';
import type { Caller } from '../../src/core/principal.js';
import { readMessage } from '../../src/mcp/read-message.js';
import { passThroughCaller, principal, tokenRule } from '../support/endpoint.js';
import { exchange } from '../support/exchange.js';
import { reasonOf } from '../support/kinds.js';
import { at, holder, kind, none, prompt, read, rule, ruled, send, tool } from '../support/rule-calls.js';

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

test('the scopes of a challenge have the order of the file, not that of the names in the message (A-31)', () => {
  const resource = kind('allow', rule('a:*', { scopes: ['files:write'] }), rule('b:*', { scopes: ['files:purge'] }));
  const scopesOf = (...resourceSubscriptions: string[]) =>
    send({ resource }, holder(), { method: 'subscriptions/listen', params: { notifications: { resourceSubscriptions } } })
      ?.scopes;
  expect(scopesOf('a:1', 'b:1')).toEqual(['base', 'files:write', 'files:purge']);
  expect(scopesOf('b:1', 'a:1')).toEqual(scopesOf('a:1', 'b:1'));
});

test('filterLists: denied-only: a list hides exactly what no published scope would open (A-37)', () => {
  const conditions = ['files:write', 'files:purge', 'hidden'].flatMap((scope) => [
    rule(scope, { scopes: [scope] }),
    rule(`${scope} claim`, { scopes: [scope], claim: { claim: 'roles', has: 'admin' } }),
  ]);
  const listed: KindPolicy = { ...kind('deny', ...conditions, rule('drop', { deny: true })), filterLists: 'denied-only' };
  const published = { ...at, scopesSupported: ['base', 'files:*'] };
  const rules = createRules(published, { ...none, tool: listed });
  const shownTo = (caller: Caller) =>
    [...conditions.map(({ pattern }) => pattern), 'drop', 'x'].filter((name) => rules.isListed(caller, 'tool', name));
  const admin = { roles: 'admin' };
  expect(shownTo(holder())).toEqual(['files:write', 'files:purge']);
  expect(shownTo(holder('hidden'))).toEqual(['files:write', 'files:purge', 'hidden']);
  expect(shownTo(principal({ scopes: ['base'], claims: admin }))).toEqual([
    'files:write',
    'files:write claim',
    'files:purge',
    'files:purge claim',
  ]);
  expect(shownTo(passThroughCaller('k', { ...tokenRule, scopes: ['base', 'files:*'] }))).toEqual([]);
  // A base scope that the metadata does not publish hides every name from a caller without it.
  expect(
    createRules({ ...at, scopesSupported: ['files:*'] }, { ...none, tool: listed }).isListed(principal(), 'tool', 'files:write'),
  ).toBe(false);
});

test('filterLists: true: a list shows exactly what a call may use, for each kind (A-37)', () => {
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
        const shown = rules.isListed(caller, one, name);
        decisions.add(shown);
        expect([name, shown]).toEqual([name, send(policy, caller, calls[one](name)) === null]);
      }
  expect(decisions.size).toBe(2);
});
