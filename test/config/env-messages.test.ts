// The messages about the environment: all problems at once, in terms of variables, and no secret.
import { expect, test } from 'vitest';
import { INTROSPECTION, problems, type Variables } from '../support/variables.js';

test('several problems are reported at once', () => {
  const wrong = {
    UPSTREAM: undefined,
    UPSTREEM: 'http://h',
    PUBLIC_URL: 'mcp.example.com/mcp',
    TYP: 'x',
    SCOPES: '"',
    ADMIN: '8080',
  };
  expect(problems(wrong).map((line) => line.split(':')[0])).toEqual(
    ['PUBLIC_URL', 'UPSTREEM', 'TYP', 'SCOPES', 'ADMIN'].map((name) => `  PORTCULLIS_${name}`),
  );
  expect(problems({ TYP: 'x', LOG_LEVEL: 'y', ISSUER: 'z' })).toHaveLength(3);
  const all = {
    UPSTREAM: '10.0.0.5',
    PUBLIC_URL: 'mcp',
    ISSUER: 'x',
    PASS_THROUGH_SCOPES: 'x',
    TYP: 'x',
    LOG_LEVEL: 'x',
    LISTEN: 'x',
    ADMIN: 'y',
    SESSION_KEYS: 'z',
  };
  expect(problems(all)).toHaveLength(Object.keys(all).length);
  expect(problems({ UPSTREAM: '10.0.0.5', PUBLIC_URL: undefined, ISSUER: undefined }).map((line) => line.split(':')[0])).toEqual(
    ['PUBLIC_URL', 'ISSUER', 'UPSTREAM'].map((name) => `  PORTCULLIS_${name}`),
  );
  // A missing public URL has no further problem.
  expect(problems({ UPSTREAM: 'https://mcp.example.com/mcp', PUBLIC_URL: undefined })).toHaveLength(1);
});

test('no message uses the terms of a file', () => {
  const wrong: Variables[] = [
    { PUBLIC_URL: 'http://MCP.example.com/%41' },
    { PRESET: 'entra', ISSUER: 'https://sts.windows.net/11111111-2222-3333-4444-555555555555/' },
    { PRESET: 'entra', ISSUER: 'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0' },
    { PASS_THROUGH_SCHEME: 'Token', SCOPES: 'a b' },
    { AUDIENCE: ',', LISTEN: 'x', ADMIN: '8080' },
  ];
  for (const variables of wrong) {
    expect(problems(variables)).not.toEqual([]);
    expect(problems(variables).join('\n')).not.toMatch(/endpoints|issuers\.|: \[|entry|field/);
  }
});

test('the variables of Kubernetes for a Service are not a problem', () => {
  expect(problems({ PORT: 'tcp://10.0.0.1:8080', SERVICE_PORT: '8080', PORT_8080_TCP_PORT: '8080' })).toEqual([]);
});

test.each(['admin:s3cret@mcp.example.com/mcp', 'mcp.example.com/mcp?key=s3cret', 'ftp://a:s3cret@h/', 'mcp.example.com/#s3cret'])(
  'a public URL that may hold a secret is not shown: %s (C-153, no secret shown)',
  (url) => {
    expect(problems({ PUBLIC_URL: url })).toHaveLength(1);
    expect(problems({ PUBLIC_URL: url }).join()).not.toContain('s3cret');
  },
);

test('no message shows a secret (C-153, no secret shown)', () => {
  const lines = problems({ ...INTROSPECTION, INTROSPECTION_CLIENT_ID: undefined, TYP: 'x' });
  expect(lines).toHaveLength(2);
  expect(lines.join()).not.toContain('s3cret');
});
