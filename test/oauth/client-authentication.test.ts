// The client id and the client secret, in the forms of the standard and of real clients.
import { describe, expect, test } from 'vitest';
import { readClient } from '../../src/oauth/client-authentication.js';
import { head, type Lines } from '../support/exchange.js';
import { basic } from '../support/grants.js';

const read = (lines: Lines, form: Record<string, string> = {}) =>
  readClient(head({ method: 'POST', lines }), new Map(Object.entries(form)));
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const line = (value: string): Lines => [['Authorization', value]];

describe('Basic', () => {
  test.each([
    ['plain', 'partner-a', 'sk_live_0-1_2', [{ id: 'partner-a', secret: 'sk_live_0-1_2' }]],
    ['a colon in the secret', 'a', 'b:c', [{ id: 'a', secret: 'b:c' }]],
    ['a tilde and a star', 'a', '~*', [{ id: 'a', secret: '~*' }]],
    [
      'a plus, which is a space where the client encodes',
      'a',
      'p+q',
      [
        { id: 'a', secret: 'p q' },
        { id: 'a', secret: 'p+q' },
      ],
    ],
    [
      'encoded, as the RFC says',
      'a%40b',
      'p%2Bq%3A',
      [
        { id: 'a@b', secret: 'p+q:' },
        { id: 'a%40b', secret: 'p%2Bq%3A' },
      ],
    ],
    ['no encoding at all', 'a', '100%', [{ id: 'a', secret: '100%' }]],
    ['half an encoding', 'a', '%41%4', [{ id: 'a', secret: '%41%4' }]],
    ['no UTF-8 behind the encoding', 'a', '%ff', [{ id: 'a', secret: '%ff' }]],
    ['empty', '', '', [{ id: '', secret: '' }]],
  ])('%s', (_name, id, secret, pairs) => expect(read([basic(id, secret)])).toEqual(pairs));

  test('the scheme in any case, and further spaces', () => {
    for (const value of [`basic ${base64('a:b')}`, `BASIC   ${base64('a:b')}`])
      expect(read(line(value))).toEqual([{ id: 'a', secret: 'b' }]);
  });

  test.each([
    ['Basic', 'malformed'],
    ['Basic ', 'malformed'],
    ['Basic ???', 'malformed'],
    [`Basic ${base64('a:b')}, Bearer x`, 'malformed'],
    [`Basic ${base64('no colon')}`, 'without a colon'],
    [`Basics ${base64('a:b')}`, 'other than Basic'],
    ['Bearer abc', 'other than Basic'],
    ['', 'other than Basic'],
  ])('%s is invalid_client', (value, detail) => {
    expect(read(line(value))).toMatchObject({ error: 'invalid_client', detail: expect.stringContaining(detail) });
  });

  test('two Authorization headers are invalid_request', () => {
    expect(read([basic('a', 'b'), basic('a', 'b')])).toMatchObject({ error: 'invalid_request' });
  });
});

describe('in the body', () => {
  test('id and secret', () => {
    expect(read([], { client_id: 'a', client_secret: 'b+c%' })).toEqual([{ id: 'a', secret: 'b+c%' }]);
  });
  test('a secret without an id: the bridge finds that no key has it', () => {
    expect(read([], { client_secret: 'b' })).toEqual([{ id: '', secret: 'b' }]);
  });
  test.each([
    ['nothing', {}],
    ['an id without a secret', { client_id: 'a' }],
    ['an assertion', { client_id: 'a', client_assertion: 'x', client_assertion_type: 'y' }],
    ['an assertion beside a secret', { client_id: 'a', client_secret: 'b', client_assertion: 'x' }],
  ])('%s is invalid_client', (_name, form) => expect(read([], form)).toMatchObject({ error: 'invalid_client' }));
});

describe('in the header and in the body', () => {
  test.each([[basic('a', 'b')], [['Authorization', 'Bearer x'] as Lines[number]]])('a secret in each', (authorization) => {
    expect(read([authorization], { client_id: 'a', client_secret: 'b' })).toMatchObject({ error: 'invalid_request' });
  });
  test('the id in each, encoded or not', () => {
    expect(read([basic('a', 'b')], { client_id: 'a' })).toEqual([{ id: 'a', secret: 'b' }]);
    expect(read([basic('a%40b', 'c')], { client_id: 'a@b' })).toHaveLength(2);
    expect(read([basic('a', 'b')], { client_id: 'other' })).toMatchObject({ error: 'invalid_request' });
  });
});
