// Documents that describe clients: which client ids mean one, which documents are good, how long
// one is kept, and how often one network can make the gateway fetch.
import { beforeEach, describe, expect, test } from 'vitest';
import type { Fetched } from '../../../src/idp/fetch-json.js';
import {
  createClientDocuments,
  createDocumentStore,
  type DocumentStore,
  isDocumentUrl,
  looksLikeUrl,
} from '../../../src/oauth/facade/client-documents.js';
import { createFacadeLimits } from '../../../src/oauth/facade/limits.js';
import { testClock } from '../../support/clock.js';

const URL_ = 'https://app.example.com/client.json';
const LOOPBACK = 'http://127.0.0.1:3000/callback';
const ENTRIES = ['http://127.0.0.1', 'https://claude.ai/api/mcp/auth_callback'];
const GOOD = { client_id: URL_, client_name: 'An app', redirect_uris: [LOOPBACK] };

let clock: ReturnType<typeof testClock>;
let fetched: string[];
let answer: Fetched;
/** Until it ends, documents do not arrive. */
let held: Promise<void>;
let store: DocumentStore;
const documentOf = (json: unknown, headers: Record<string, string> = {}, status = 200): Fetched => {
  const all = { 'content-type': 'application/json', ...headers };
  return { kind: 'answer', status, headers: all, json, body: Buffer.alloc(0) };
};
beforeEach(() => {
  clock = testClock();
  fetched = [];
  answer = documentOf(GOOD);
  held = Promise.resolve();
  store = createDocumentStore(async ({ url }) => {
    fetched.push(url);
    await held;
    return answer;
  }, clock);
});
const finder = () => createClientDocuments(store, ENTRIES, createFacadeLimits(clock));
const find = (url = URL_) => finder().find(url, '192.0.2.1');

describe('a client id', () => {
  test.each([
    URL_,
    'https://app.example.com/a/b?version=2',
    'https://app.example.com:8443/client.json',
    'https://xn--bcher-kva.example/client.json',
  ])('%s means a document', (text) => expect([looksLikeUrl(text), isDocumentUrl(text)]).toEqual([true, true]));
  test.each([
    ['http', 'http://app.example.com/client.json'],
    ['another scheme', 'javascript:alert(1)'],
    ['no path', 'https://app.example.com'],
    ['the root alone', 'https://app.example.com/'],
    ['a query alone', 'https://app.example.com/?a'],
    ['a fragment', `${URL_}#a`],
    ['an empty fragment', `${URL_}#`],
    ['a user', 'https://user@app.example.com/client.json'],
    ['an empty user', 'https://@app.example.com/client.json'],
    ['a dot segment', 'https://app.example.com/a/../client.json'],
    ['an encoded dot segment', 'https://app.example.com/a/%2e%2e/client.json'],
    ['another spelling of the host', 'https://APP.example.com/client.json'],
    ['another spelling of the scheme', 'HTTPS://app.example.com/client.json'],
    ['the usual port', 'https://app.example.com:443/client.json'],
    ['a backslash', 'https://app.example.com\\client.json'],
    ['a space', 'https://app.example.com/client.json '],
    ['too long', `https://app.example.com/${'a'.repeat(1_024)}`],
  ])('%s: it is rejected', (_name, text) => expect([looksLikeUrl(text), isDocumentUrl(text)]).toEqual([true, false]));
  test('sealed: it means no document', () => expect(looksLikeUrl('AQxY_-z')).toBe(false));
});

describe('a good document', () => {
  const facts = { name: 'An app', redirectUris: [LOOPBACK], method: 'none', issuedAt: 0 };
  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['without a method', {}, facts],
    ['of a public client', { token_endpoint_auth_method: 'none' }, facts],
    [
      'with redirect URIs for other servers too',
      { redirect_uris: ['https://elsewhere.example/', ...Array(20).fill('app://x'), LOOPBACK, 1] },
      facts,
    ],
    ['without a name', { client_name: undefined }, { ...facts, name: null }],
    ['with a name of line feeds', { client_name: 'An\n\u202Eapp' }, { ...facts, name: 'An app' }],
    ['with other members', { logo_uri: 'javascript:x', client_uri: 'x', contacts: null }, facts],
  ])('%s', async (_name, fields, expected) => {
    answer = documentOf({ ...GOOD, ...fields });
    expect(await find()).toEqual(expected);
  });
  test('with a type of its own', async () => {
    answer = documentOf(GOOD, { 'content-type': 'application/oauth-client+json; charset=utf-8' });
    expect(await find()).toEqual(facts);
  });
});

describe('a document that is rejected', () => {
  test.each<[string, () => Fetched, string]>([
    ['of another client', () => documentOf({ ...GOOD, client_id: `${URL_}/` }), 'its client_id is not its URL'],
    ['without a client id', () => documentOf({ ...GOOD, client_id: undefined }), 'its client_id is not its URL'],
    ['with a secret', () => documentOf({ ...GOOD, client_secret: 'x' }), 'it has a client secret'],
    ['with the end of a secret', () => documentOf({ ...GOOD, client_secret_expires_at: 0 }), 'it has a client secret'],
    ['with Basic', () => documentOf({ ...GOOD, token_endpoint_auth_method: 'client_secret_basic' }), 'use none'],
    ['with a key', () => documentOf({ ...GOOD, token_endpoint_auth_method: 'private_key_jwt' }), 'use none'],
    ['without redirect URIs', () => documentOf({ ...GOOD, redirect_uris: undefined }), 'allows none of the redirect_uris'],
    [
      'with foreign redirect URIs',
      () => documentOf({ ...GOOD, redirect_uris: ['https://evil.example/'] }),
      'allows none of the redirect_uris',
    ],
    ['for programs alone', () => documentOf({ ...GOOD, grant_types: ['client_credentials'] }), 'grant_types'],
    ['that is a list', () => documentOf([GOOD]), 'not a JSON object'],
    ['that is no JSON', () => documentOf(undefined), 'not a JSON object'],
    ['that is a page', () => documentOf(GOOD, { 'content-type': 'text/html' }), 'not application/json'],
    ['that moved', () => documentOf(GOOD, {}, 301), 'status 301'],
    ['that is missing', () => documentOf(GOOD, {}, 404), 'status 404'],
    ['without an answer', () => ({ kind: 'transport', detail: 'ECONNREFUSED' }), 'ECONNREFUSED'],
  ])('%s', async (_name, made, flaw) => {
    answer = made();
    const found = await find();
    expect(found).toEqual({ flaw: expect.stringContaining(flaw), waitMs: 0 });
    expect(found).toMatchObject({ flaw: expect.stringContaining('the document of the client at app.example.com: ') });
  });
});

describe('a document is kept', () => {
  test.each([
    ['without a header', {}, 3_600],
    ['for what the header says', { 'cache-control': 'public, max-age=600' }, 600],
    ['for a minute at least', { 'cache-control': 'max-age=0' }, 60],
    ['for a minute though it may not be stored', { 'cache-control': 'no-store, max-age=600' }, 60],
    ['for a day at most', { 'cache-control': 'max-age=9999999999' }, 86_400],
    ['for an hour with a header without a time', { 'cache-control': 'private' }, 3_600],
  ])('%s', async (_name, headers, seconds) => {
    answer = documentOf(GOOD, headers as Record<string, string>);
    await find();
    clock.advance(seconds * 1_000 - 1);
    await find();
    expect(fetched).toHaveLength(1);
    clock.advance(1);
    await find();
    expect(fetched).toHaveLength(2);
  });
  test.each<[string, () => Fetched]>([
    ['a failure', () => ({ kind: 'transport', detail: 'ECONNREFUSED' })],
    ['a document of another client', () => documentOf({ client_id: 'x' }, { 'cache-control': 'max-age=600' })],
    ['an invalid document', () => documentOf({ ...GOOD, client_name: 1 }, { 'cache-control': 'max-age=600' })],
    ['a document without a usable redirect URI', () => documentOf({ ...GOOD, redirect_uris: [] })],
  ])('%s is not', async (_name, made) => {
    answer = made();
    expect(await find()).toMatchObject({ waitMs: 0 });
    answer = documentOf(GOOD);
    expect(await find()).toMatchObject({ name: 'An app' });
    expect(fetched).toHaveLength(2);
  });
  test('of more than 500, the one that was not used for the longest time is forgotten', async () => {
    const one = finder();
    const fetches = async (i: number) => {
      const before = fetched.length;
      const url = `https://app.example.com/${i}`;
      answer = documentOf({ ...GOOD, client_id: url });
      expect(await one.find(url, `192.0.2.${i % 100}`)).toMatchObject({ name: 'An app' });
      return fetched.length - before;
    };
    for (let i = 0; i < 500; i += 1) expect(await fetches(i)).toBe(1);
    expect(await fetches(0)).toBe(0);
    expect(await fetches(500)).toBe(1);
    expect(await fetches(0)).toBe(0);
    expect(await fetches(1)).toBe(1);
  });
});

test('logins at the same moment share one fetch', async () => {
  const one = finder();
  await Promise.all(Array.from({ length: 5 }, () => one.find(URL_, '192.0.2.1')));
  expect(fetched).toHaveLength(1);
});

test('4 fetches of one network at once, so that slow hosts do not stop the others', async () => {
  const one = finder();
  let release = (): void => {};
  held = new Promise((resolve) => {
    release = resolve;
  });
  const slow = Array.from({ length: 4 }, (_, i) => one.find(`${URL_}?${i}`, '2001:db8::1'));
  const busy = { flaw: expect.stringContaining('too many fetches'), waitMs: 5_000 };
  expect(await one.find(URL_, '2001:db8::2')).toEqual(busy);
  const joined = one.find(`${URL_}?0`, '2001:db8::3');
  const other = one.find(URL_, '192.0.2.1');
  expect(fetched).toHaveLength(5);
  release();
  expect(await other).toMatchObject({ name: 'An app' });
  await Promise.all([...slow, joined]);
  await one.find(`${URL_}?4`, '2001:db8::2');
  expect(fetched).toHaveLength(6);
});

test('60 fetches of one network a minute; what is kept needs none', async () => {
  const one = finder();
  await one.find(URL_, '192.0.2.1');
  for (let i = 1; i < 60; i += 1) await one.find(`${URL_}?${i}`, '192.0.2.1');
  const limited = await one.find(`${URL_}?60`, '192.0.2.1');
  expect(limited).toMatchObject({ flaw: expect.stringContaining('too many fetches'), waitMs: 60_000 });
  expect(await one.find(URL_, '192.0.2.1')).toMatchObject({ name: 'An app' });
  expect(fetched).toHaveLength(60);
  await one.find(`${URL_}?60`, '192.0.2.2');
  clock.advance(60_000);
  await one.find(`${URL_}?61`, '192.0.2.1');
  expect(fetched).toHaveLength(62);
});
