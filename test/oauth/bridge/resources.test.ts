// The audience of a token: the requested resources, or all that the key may use (RFC 8707).
import { describe, expect, test } from 'vitest';
import { createResources } from '../../../src/oauth/bridge/resources.js';
import { apiKey, FILES, files, KEY_A, NOTES, notes } from '../../support/grants.js';

const key = apiKey(KEY_A);
const ofNotes = apiKey(KEY_A, { endpoints: ['/notes/mcp', '/elsewhere'] });
const resources = createResources([files, notes]);
const root = { ...files, path: '/', resource: 'https://tools.example.com', audience: ['https://tools.example.com'] };

describe('without a resource', () => {
  test('all endpoints that the key may use', () => {
    expect(resources.audience(key, [])).toEqual([FILES, NOTES]);
    expect(resources.audience(ofNotes, [])).toEqual([NOTES]);
  });
  test('a key of other endpoints is of no use', () => {
    expect([key, ofNotes, apiKey(KEY_A, { endpoints: ['/other'] })].map(resources.serves)).toEqual([true, true, false]);
  });
});

describe('a resource', () => {
  test.each([
    [FILES, FILES],
    [`${FILES}/`, FILES],
    ['https://MCP.example.com:443/files/mcp', FILES],
  ])('%s', (requested, audience) => expect(resources.audience(key, [requested])).toEqual([audience]));

  test('of an endpoint at the root, with or without the slash', () => {
    for (const requested of ['https://tools.example.com', 'https://tools.example.com/'])
      expect(createResources([root]).audience(key, [requested])).toEqual([root.resource]);
  });
  test('several of them, in two spellings', () => {
    expect(resources.audience(key, [NOTES, FILES, `${FILES}/`])).toEqual([NOTES, FILES]);
  });
  test('two resources that differ by a slash only: each by its exact name', () => {
    const [a, b] = [files, { ...notes, resource: `${FILES}/`, audience: [`${FILES}/`] }];
    const both = createResources([a, b]);
    expect(both.audience(key, [FILES])).toEqual([FILES]);
    expect(both.audience(key, [`${FILES}/`])).toEqual([`${FILES}/`]);
    expect(both.audience(key, ['https://mcp.example.com:443/files/mcp'])).toMatchObject({ error: 'invalid_target' });
  });
  test('with another audience in the configuration: that audience', () => {
    const other = { ...files, audience: ['api://files', 'api://more'] };
    expect(createResources([other]).audience(key, [FILES])).toEqual(['api://files']);
  });

  test.each([
    ['unknown', ['https://mcp.example.com/other']],
    ['unknown beside a known one', [FILES, 'https://mcp.example.com/other']],
    ['not a URL', ['files']],
    ['with another path case', ['https://mcp.example.com/Files/mcp']],
    ['with a query', [`${FILES}?x=1`]],
    ['with a fragment', [`${FILES}#x`]],
    ['the issuer', ['https://mcp.example.com/bridge']],
  ])('%s is invalid_target', (_name, requested) =>
    expect(resources.audience(key, requested)).toMatchObject({ error: 'invalid_target' }),
  );
  test('of an endpoint that the key may not use is invalid_target, as an unknown one', () => {
    expect(resources.audience(ofNotes, [FILES])).toEqual(resources.audience(ofNotes, ['https://mcp.example.com/other']));
  });
});

test('a token for too many resources is invalid_target: the client has to name some', () => {
  const many = Array.from({ length: 200 }, (_, i) => {
    const resource = `https://mcp.example.com/${'x'.repeat(30)}/${i}`;
    return { ...files, path: `/${i}`, resource, audience: [resource] };
  });
  const all = createResources(many);
  expect(all.audience(key, [])).toMatchObject({ error: 'invalid_target', description: expect.stringContaining('fewer') });
  expect(all.audience(key, [many[7]?.resource ?? ''])).toEqual([many[7]?.resource]);
  const requested = Array.from({ length: 51 }, () => FILES);
  expect(resources.audience(key, requested)).toMatchObject({ error: 'invalid_target' });
});
