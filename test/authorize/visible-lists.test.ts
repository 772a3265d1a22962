// Which answers are read for lists: those that were asked for and have rules, and no other, because reading holds an answer back.
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
/** A GET stream may replay any answer of before. */
const stream: Message = { era: 'legacy', calls: [], body: null };

const mayUse = (_caller: unknown, kind: string, name: string): boolean => `${kind} ${name}` === 'resource mine';
const find = (policy: Policy, message: Message) => findListView(policy, mayUse, principal(), message);
const membersOf = (policy: Policy | null, message: Message) =>
  policy === null ? createAuthorizer(endpoint()).listView(principal(), message) : (find(policy, message)?.members ?? null);

describe('the lists of an answer that are filtered (A-37)', () => {
  test.each<[string, Policy | null, Message, string[] | null]>([
    ['the list that was asked for', { ...none, tool: filtered }, asks('tools/list'), ['tools']],
    ['prompts', { ...none, prompt: filtered }, asks('prompts/list'), ['prompts']],
    ['resources', { ...none, resource: filtered }, asks('resources/list'), ['resources']],
    ['their templates', { ...none, resource: filtered }, asks('resources/templates/list'), ['resourceTemplates']],
    [
      'all that a batch asks for, each once',
      { ...none, tool: filtered, prompt: filtered },
      asks('tools/list', 'prompts/list', 'tools/list'),
      ['tools', 'prompts'],
    ],
    [
      'a stream: all that have rules',
      { ...none, tool: filtered, resource: filtered },
      stream,
      ['tools', 'resources', 'resourceTemplates'],
    ],
    ['a list of another kind', { ...none, tool: filtered }, asks('prompts/list'), null],
    ['a call', { ...none, tool: filtered }, asks('tools/call'), null],
    ['a method in other letters', { ...none, tool: filtered }, asks('Tools/List'), null],
    ['filterLists: false', { ...none, tool: shown }, asks('tools/list'), null],
    ['filterLists: false, and a stream', { ...none, tool: shown }, stream, null],
    ['rules about methods alone', none, asks('tools/list'), null],
    ['no policy', null, stream, null],
  ])('%s', (_what, policy, message, members) => {
    expect(membersOf(policy, message)).toEqual(members);
  });

  test('what is shown is what may be used, a template as the resource that it is', () => {
    const listing = find({ ...none, resource: filtered }, stream);
    expect([listing?.mayUse('resourceTemplates', 'mine'), listing?.mayUse('resources', 'mine')]).toEqual([true, true]);
    expect([listing?.mayUse('tools', 'mine'), listing?.mayUse('resources', 'other')]).toEqual([false, false]);
  });
});
