// Values that `explain` shows for one tool: what the rules require, and what the token has.
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
const values = (name: string | null, caller = principal(), at = ruled) =>
  callValues(caller, at, name, name === null ? null : createAuthorizer(at).requirements('tool', name));

test.each([
  [
    'a missing scope and a missing claim',
    'write_file',
    principal({ claims: { secret: 's3cret' } }),
    { scopes: ['files:read'], 'claim roles': 'absent', lacks: ['scope files:write', 'claim roles admin'] },
    { tool: 'write_file', scopes: ['files:read', 'files:write'], 'claim roles': 'admin' },
  ],
  [
    'both present, with a scope that includes others',
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
    'a tool that a rule denies',
    'drop',
    principal(),
    { scopes: ['files:read'], lacks: 'nothing' },
    { tool: 'drop', scopes: ['files:read'], denied: 'rule drop' },
  ],
  [
    'a tool that no rule matches',
    'other',
    principal(),
    { scopes: ['files:read'], lacks: 'nothing' },
    { tool: 'other', scopes: ['files:read'], denied: 'no rule matches it' },
  ],
  ['no tool', null, principal({ scopes: [] }), { scopes: [], lacks: ['scope files:read'] }, { scopes: ['files:read'] }],
])('%s', (_what, name, caller, observed, expected) => {
  expect(values(name, caller)).toEqual({ observed, expected });
});

test('without rules the base scopes are required', () => {
  const { observed, expected } = values('read', principal(), endpoint());
  expect([observed, expected]).toEqual([
    { scopes: ['files:read'], lacks: 'nothing' },
    { tool: 'read', scopes: ['files:read'] },
  ]);
});

test('shows no observed values of an unknown caller', () => {
  expect(callValues(null, ruled, 'read', null).observed).toEqual({});
  expect(callValues(passThroughCaller(), ruled, 'read', null).observed).toEqual({});
});
