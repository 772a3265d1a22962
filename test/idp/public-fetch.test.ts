// Fetches of documents whose URL a stranger chose, over real sockets: only public addresses, only
// one port, and only a certificate that an authority vouches for.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isPublicAddress } from '../../src/idp/public-address.js';
import { createPublicFetch, type PublicFetchParts } from '../../src/idp/public-fetch.js';
import { until } from '../fixtures/wait.js';
import { type DocumentServer, HOST, startDocumentServer } from '../support/document-server.js';

let server: DocumentServer;
beforeAll(async () => {
  server = await startDocumentServer();
});
beforeEach(() => {
  server.documents.clear();
  server.documents.set('/client.json', { body: { good: true } });
  server.connections = 0;
  server.resolve = () => ['127.0.0.1'];
});
afterAll(() => server.stop());

const get = (url = server.url('/client.json'), parts: PublicFetchParts = {}, maxBytes = 1_024) =>
  createPublicFetch({ ...server.parts, ...parts })({ url, deadlineMs: 2_000, maxBytes });
const NOT_PUBLIC = { kind: 'transport', detail: 'the host has an address that is not public' };

test('a document of a public address', async () => {
  expect(await get()).toMatchObject({ kind: 'answer', status: 200, json: { good: true } });
  expect(server.connections).toBe(1);
});

describe('an address that is not public gets no connection', () => {
  const without = async (url?: string) => {
    expect(await get()).toMatchObject({ kind: 'answer' });
    expect(await get(url, { isPublic: isPublicAddress })).toEqual(NOT_PUBLIC);
    expect(server.connections).toBe(1);
  };
  test('of a name', () => without());
  test('written in the URL', () => without(`https://127.0.0.1:${server.port}/client.json`));
  test('written as a number', () => without(`https://2130706433:${server.port}/client.json`));
  test('IPv6 in brackets', () => without(`https://[::1]:${server.port}/client.json`));
  test('IPv4-mapped in brackets', () => without(`https://[::ffff:127.0.0.1]:${server.port}/client.json`));
  test('beside public ones', async () => {
    server.resolve = () => ['127.0.0.1', '10.0.0.1'];
    expect(await get()).toEqual(NOT_PUBLIC);
    expect(server.connections).toBe(0);
  });
  test('of a name that had a public one before', async () => {
    const fetch = createPublicFetch(server.parts);
    const ask = () => fetch({ url: server.url('/client.json'), deadlineMs: 2_000, maxBytes: 1_024 });
    expect(await ask()).toMatchObject({ kind: 'answer' });
    server.resolve = () => ['169.254.169.254'];
    expect(await ask()).toEqual(NOT_PUBLIC);
    expect(server.connections).toBe(1);
  });
});

describe('refused', () => {
  test('another port', async () => {
    expect(await get(`https://${HOST}/client.json`)).toEqual({ kind: 'transport', detail: 'a port other than 443' });
    expect(await createPublicFetch()({ url: server.url('/client.json'), deadlineMs: 2_000, maxBytes: 1 })).toEqual({
      kind: 'transport',
      detail: 'a port other than 443',
    });
  });
  test('http', async () =>
    expect(await get(`http://${HOST}:${server.port}/client.json`)).toEqual({ kind: 'transport', detail: 'not https' }));
  test('a name without an address', async () => {
    server.resolve = () => [];
    expect(await get()).toEqual({ kind: 'transport', detail: 'ENOTFOUND' });
  });
  test('a certificate for another name', async () => {
    const other = server.url('/client.json').replace(HOST, 'other.example.com');
    expect(await get(other)).toMatchObject({ kind: 'transport', detail: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });
  test('a certificate of an unknown authority', async () => {
    const { ca: _, ...parts } = server.parts;
    const answer = await createPublicFetch(parts)({ url: server.url('/client.json'), deadlineMs: 2_000, maxBytes: 1_024 });
    expect(answer).toMatchObject({ kind: 'transport', detail: expect.stringMatching(/CERT|LEAF|SIGNED/) });
  });
  test('more bytes than allowed', async () => {
    server.documents.set('/client.json', { body: { long: 'a'.repeat(2_000) } });
    expect(await get()).toEqual({ kind: 'transport', detail: 'answer larger than 1024 bytes' });
  });
  test('a compressed answer, which could be large', async () => {
    server.documents.set('/client.json', { headers: { 'content-encoding': 'gzip' }, body: { good: true } });
    expect(await get()).toEqual({ kind: 'transport', detail: 'answer is compressed' });
  });
  test('a body that does not end in time, and its connection is closed', async () => {
    server.documents.set('/client.json', { isEndless: true });
    const fetch = createPublicFetch(server.parts);
    const answer = await fetch({ url: server.url('/client.json'), deadlineMs: 300, maxBytes: 1_024 });
    expect(answer).toEqual({ kind: 'transport', detail: 'no answer within 300 ms' });
    await until('the connection closes', () => server.open() === 0, 2_000);
  });
  test('a name server that does not answer in time', async () => {
    const fetch = createPublicFetch({ ...server.parts, resolve: () => new Promise(() => {}) });
    const answer = await fetch({ url: server.url('/client.json'), deadlineMs: 300, maxBytes: 1_024 });
    expect(answer).toEqual({ kind: 'transport', detail: 'no answer within 300 ms' });
    expect(server.connections).toBe(0);
  });
  test('a redirect is not followed', async () => {
    server.documents.set('/client.json', { status: 302, headers: { location: server.url('/other.json') } });
    server.asked.length = 0;
    expect(await get()).toMatchObject({ kind: 'answer', status: 302 });
    expect(server.asked).toEqual(['/client.json']);
  });
  test('more than sixteen at once', async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const resolve = async () => held.then(() => ['127.0.0.1']);
    const fetch = createPublicFetch({ ...server.parts, resolve });
    const ask = () => fetch({ url: server.url('/client.json'), deadlineMs: 5_000, maxBytes: 1_024 });
    const first = Array.from({ length: 16 }, ask);
    expect(await ask()).toEqual({ kind: 'transport', detail: 'too many fetches in progress' });
    release();
    expect((await Promise.all(first)).every(({ kind }) => kind === 'answer')).toBe(true);
    expect(await ask()).toMatchObject({ kind: 'answer' });
  });
});
