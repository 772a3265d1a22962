// The lists that the gateway filters: requested ones with rules. Other responses are not read,
// because reading a list delays its response.
import { describe, expect, test } from 'vitest';
import { createAuthorizer } from '../../src/authorize/policy.js';
import { findListView } from '../../src/authorize/visible-lists.js';
import type { Call, Message } from '../../src/core/message.js';
import type { KindPolicy, Policy } from '../../src/core/policy.js';
import { endpoint, principal } from '../support/endpoint.js';

const filtered: KindPolicy = { default: 'allow', rules: [], filterLists: true };
const shown: KindPolicy = { ...filtered, filterLists: false };
const none: Policy = { tool: null, prompt: null, resource: null, allowedMethods: [], clientResponses: false };

const asks = (...methods: string[]): Message => ({
  era: 'modern',
  calls: methods.map((method): Call => ({ method, name: null, idText: '1' })),
  body: Buffer.from('{}'),
});
/** A GET stream may replay any earlier response. */
const stream: Message = { era: 'legacy', calls: [], body: null };

const mayUse = (_caller: unknown, kind: string, name: string): boolean => `${kind} ${name}` === 'resource mine';
const find = (policy: Policy, message: Message) => findListView(policy, mayUse, principal(), message);
const membersOf = (policy: Policy | null, message: Message) =>
  policy === null ? createAuthorizer(endpoint()).listView(principal(), message) : (find(policy, message)?.members ?? null);

describe('the filtered lists of a response (A-37)', () => {
  test.each<[string, Policy | null, Message, string[] | null]>([
    ['the requested list', { ...none, tool: filtered }, asks('tools/list'), ['tools']],
    ['prompts', { ...none, prompt: filtered }, asks('prompts/list'), ['prompts']],
    ['resources', { ...none, resource: filtered }, asks('resources/list'), ['resources']],
    ['their templates', { ...none, resource: filtered }, asks('resources/templates/list'), ['resourceTemplates']],
    [
      'all lists that a batch requests, each once',
      { ...none, tool: filtered, prompt: filtered },
      asks('tools/list', 'prompts/list', 'tools/list'),
      ['tools', 'prompts'],
    ],
    [
      'a stream: all lists with rules',
      { ...none, tool: filtered, resource: filtered },
      stream,
      ['tools', 'resources', 'resourceTemplates'],
    ],
    ['a list of another kind', { ...none, tool: filtered }, asks('prompts/list'), null],
    ['filterLists: denied-only', { ...none, tool: { ...filtered, filterLists: 'denied-only' } }, asks('tools/list'), ['tools']],
    ['a call', { ...none, tool: filtered }, asks('tools/call'), null],
    ['a method in another case', { ...none, tool: filtered }, asks('Tools/List'), null],
    ['filterLists: false', { ...none, tool: shown }, asks('tools/list'), null],
    ['filterLists: false, and a stream', { ...none, tool: shown }, stream, null],
    ['rules about methods alone', none, asks('tools/list'), null],
    ['no policy', null, stream, null],
  ])('%s', (_what, policy, message, members) => {
    expect(membersOf(policy, message)).toEqual(members);
  });

  test('shows what the caller may use; a template counts as a resource', () => {
    const listing = find({ ...none, resource: filtered }, stream);
    expect([listing?.mayUse('resourceTemplates', 'mine'), listing?.mayUse('resources', 'mine')]).toEqual([true, true]);
    expect([listing?.mayUse('tools', 'mine'), listing?.mayUse('resources', 'other')]).toEqual([false, false]);
  });
});
