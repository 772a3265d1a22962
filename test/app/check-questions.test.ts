// The questions of `check` about settings that may be meant: what asks, and what does not.
import { expect, test } from 'vitest';
import { questions } from '../../src/app/check-questions.js';
import { parseYaml } from '../../src/config/load.js';

type Fields = Record<string, unknown>;

const URL = 'http://10.0.0.5:3000/mcp';
const asked = (...endpoints: Fields[]) =>
  questions(
    parseYaml(
      JSON.stringify({
        publicUrl: 'https://mcp.example.com',
        issuers: { a: { issuer: 'https://a.example.com' }, b: { issuer: 'https://b.example.com' } },
        endpoints: endpoints.map((one, i) => ({ path: `/${i}`, issuers: ['a', 'b'], upstream: URL, ...one })),
      }),
      { ONE: 'Bearer one', TWO: 'Bearer two' },
    ),
  ).map(({ about, name, result, observed, fix }) => [about, name, result, `${observed} ${fix}`]);

const of = (issuer: string, more: Fields = {}) => ({ issuers: [issuer], ...more });
const upstream = (more: Fields) => ({ upstream: { url: URL, ...more } });
const fixed = (name: string) => upstream({ credential: { kind: 'static', authorization: `\${env:${name}}` } });

test('two endpoints of different issuers with one upstream', () => {
  expect(asked(of('a'), of('b'))).toEqual([
    ['endpoint /0', 'shared upstream', 'warn', expect.stringMatching(/than \/1, .*several tenants\?.*\{issuer\}/)],
  ]);
  expect(asked(of('a', fixed('ONE')), of('b', fixed('ONE')))).toHaveLength(1);
});

test.each<[string, Fields[]]>([
  ['a common issuer', [of('a'), { issuers: ['a', 'b'] }]],
  ['other credentials', [of('a', fixed('ONE')), of('b', fixed('TWO'))]],
  ['other headers', [of('a', upstream({ headers: { 'X-Tenant': 'a' } })), of('b', upstream({ headers: { 'X-Tenant': 'b' } }))]],
  ['{issuer}', [of('a', upstream({ headers: { 'X-I': '{issuer}' } })), of('b', upstream({ headers: { 'X-I': '{issuer}' } }))]],
  [
    'the token itself',
    [of('a', upstream({ credential: { kind: 'forward' } })), of('b', upstream({ credential: { kind: 'forward' } }))],
  ],
  ['other paths', [of('a'), of('b', { upstream: `${URL}/b` })]],
  ['one endpoint with two hosts', [{ host: ['a.example.com', 'b.example.com'] }]],
])('no question with %s', (_what, endpoints) => expect(asked(...endpoints)).toEqual([]));

test('issuers that no endpoint uses', () => {
  expect(asked(of('a'))).toEqual([
    ['issuers', 'use', 'warn', expect.stringMatching(/of https:\/\/b\.example\.com: is this meant\?.*or remove/)],
  ]);
});

test('audiences without the resource: one question for all endpoints and hosts', () => {
  const audience = ['api://mcp'];
  expect(asked({ audience }, { audience: ['api://other'], host: ['a.example.com', 'b.example.com'] })).toEqual([
    [
      'endpoints',
      'audience',
      'warn',
      expect.stringMatching(/ of \/0, a\.example\.com\/1 lacks.*audience: \["https:\/\/mcp\.example\.com\/0","api:\/\/mcp"\]/),
    ],
  ]);
  expect(asked({ audience: ['api://mcp', 'https://mcp.example.com/0'] })).toEqual([]);
});
