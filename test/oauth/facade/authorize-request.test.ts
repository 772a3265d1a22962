// Which scopes a token of a facade in mode issued has, of those that a client requests.
import { expect, test } from 'vitest';
import { grantedScopes } from '../../../src/oauth/facade/authorize-request.js';

const endpoint = { ownScopes: ['files:read', 'files:write', 'files:*'], scopes: ['files:read'] };

test.each<[string, string[], string[]]>([
  ['the requested ones', ['files:write'], ['files:write']],
  ['each once, in the order of the request', ['files:write', 'files:read', 'files:write'], ['files:write', 'files:read']],
  ['no scope that the endpoint does not know', ['openid', 'offline_access', 'admin', 'files:write'], ['files:write']],
  ['the base scopes where the client names none', [], ['files:read']],
  ['the base scopes where the client names no known one', ['openid'], ['files:read']],
])('%s', (_name, requested, granted) => expect(grantedScopes(requested, endpoint)).toEqual(granted));

test('none at an endpoint without scopes', () => {
  expect(grantedScopes(['files:read'], { ownScopes: [], scopes: [] })).toEqual([]);
});
