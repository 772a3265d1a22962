// Calls of a caller, checked by the rules of an endpoint.
import { createRules } from '../../src/authorize/rules.js';
import type { KindPolicy, Policy, Rule } from '../../src/core/policy.js';
import type { Caller } from '../../src/core/principal.js';
import { readMessage } from '../../src/mcp/read-message.js';
import { endpoint, principal } from './endpoint.js';
import { exchange } from './exchange.js';

export const rule = (pattern: string, more: Partial<Rule> = {}): Rule => ({
  pattern,
  scopes: [],
  claim: null,
  deny: false,
  ...more,
});

export const kind = (byDefault: 'allow' | 'deny', ...rules: Rule[]): KindPolicy => ({
  default: byDefault,
  rules,
  filterLists: true,
});

export const none: Policy = { tool: null, prompt: null, resource: null, allowedMethods: [], clientResponses: false };

export const at = endpoint({
  scopes: ['base'],
  ownScopes: ['base', 'files:write', 'files:purge', 'files:*'],
  scopeImplies: new Map([['files:*', ['files:write', 'files:purge']]]),
});

/** Checks these calls of a caller, sent in one message of a legacy revision. */
export function send(policy: Partial<Policy>, caller: Caller, ...calls: object[]) {
  const written = calls.map((call) => ({ jsonrpc: '2.0', id: 1, ...call }));
  const body = Buffer.from(JSON.stringify(written.length === 1 ? written[0] : written));
  const message = readMessage(
    exchange({ lines: [['mcp-protocol-version', written.length === 1 ? '2025-11-25' : '2025-03-26']] }),
    body,
  );
  if (!message.ok) throw new Error(`not a message: ${message.detail}`);
  return createRules(at, { ...none, ...policy }).check(caller, message.value);
}

export const tool = (name: string) => ({ method: 'tools/call', params: { name } });
export const prompt = (name: string) => ({ method: 'prompts/get', params: { name } });
export const read = (uri: string) => ({ method: 'resources/read', params: { uri } });
export const holder = (...scopes: string[]) => principal({ scopes: ['base', ...scopes] });

/** Rules for tools of each sort. */
export const ruled = kind(
  'allow',
  rule('write_*', { scopes: ['files:write'] }),
  rule('*_all', { scopes: ['files:purge'] }),
  rule('admin_*', { claim: { claim: 'roles', has: 'admin' } }),
  rule('drop_table', { deny: true }),
);
