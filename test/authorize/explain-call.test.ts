// What `explain` tells of the rules for one tool: what they want, and what of that the token has.
import { expect, test } from 'vitest';
import { callValues } from '../../src/authorize/explain-call.js';
import { createAuthorizer } from '../../src/authorize/policy.js';
import type { Rule } from '../../src/core/policy.js';
import { endpoint, passThroughCaller, principal } from '../support/endpoint.js';

const rule = (pattern: string, more: Partial<Rule> = {}): Rule => ({ pattern, scopes: [], claim: null, deny: false, ...more });
const rules = [
  rule('write_*', { scopes: ['files:write'], claim: { claim: 'roles', has: 'admin' } }),
  rule('write_all', { claim: { claim: 'roles', has: 'root' } }),
  rule('drop', { deny: true }),
  rule('read'),
];
const tool = { default: 'deny' as const, rules, filterLists: true };
const ruled = endpoint({
  scopeImplies: new Map([['files:*', ['files:read', 'files:write']]]),
  policy: { tool, prompt: null, resource: null, allowedMethods: [], clientResponses: false },
});
const told = (name: string | null, caller = principal(), at = ruled) =>
  callValues(caller, at, name, name === null ? null : createAuthorizer(at).requirements('tool', name));

test.each([
  [
    'a scope and a claim that it lacks',
    'write_file',
    principal({ claims: { secret: 's3cret' } }),
    { scopes: ['files:read'], 'claim roles': 'absent', lacks: ['scope files:write', 'claim roles admin'] },
    { tool: 'write_file', scopes: ['files:read', 'files:write'], 'claim roles': 'admin' },
  ],
  [
    'both, where one scope stands for others',
    'write_file',
    principal({ scopes: ['files:*'], claims: { roles: ['admin', 'x'] } }),
    { scopes: ['files:*'], 'claim roles': ['admin', 'x'], lacks: 'nothing' },
    { tool: 'write_file', scopes: ['files:read', 'files:write'], 'claim roles': 'admin' },
  ],
  [
    'two rules for one claim',
    'write_all',
    principal({ scopes: ['files:read', 'files:write'], claims: { roles: 'admin' } }),
    { scopes: ['files:read', 'files:write'], 'claim roles': 'admin', lacks: ['claim roles root'] },
    { tool: 'write_all', scopes: ['files:read', 'files:write'], 'claim roles': ['admin', 'root'] },
  ],
  [
    'one that nobody may use',
    'drop',
    principal(),
    { scopes: ['files:read'], lacks: 'nothing' },
    { tool: 'drop', scopes: ['files:read'], denied: 'rule drop' },
  ],
  [
    'one that no rule names',
    'other',
    principal(),
    { scopes: ['files:read'], lacks: 'nothing' },
    { tool: 'other', scopes: ['files:read'], denied: 'no rule matches it' },
  ],
  ['no tool', null, principal({ scopes: [] }), { scopes: [], lacks: ['scope files:read'] }, { scopes: ['files:read'] }],
])('%s', (_what, name, caller, observed, expected) => {
  expect(told(name, caller)).toEqual({ observed, expected });
});

test('without rules the base scopes are wanted', () => {
  const { observed, expected } = told('read', principal(), endpoint());
  expect([observed, expected]).toEqual([
    { scopes: ['files:read'], lacks: 'nothing' },
    { tool: 'read', scopes: ['files:read'] },
  ]);
});

test('of a caller who is not known nothing is told', () => {
  expect(callValues(null, ruled, 'read', null).observed).toEqual({});
  expect(callValues(passThroughCaller(), ruled, 'read', null).observed).toEqual({});
});
