// The address of a client behind trusted proxies. A client may write any X-Forwarded-For itself.
import { describe, expect, test } from 'vitest';
import { createClientAddresses } from '../../src/http/client-address.js';

const PROXIES = ['10.0.0.0/8', '192.0.2.9', '2001:db8:1::/48', '::1/128'];
const clients = createClientAddresses();
clients.trust(PROXIES);

const find = (peer: string, ...lines: string[]): string =>
  clients.find(peer, { names: ['host', ...lines.map(() => 'x-forwarded-for')], values: ['mcp.example.com', ...lines] });

describe('a trusted peer', () => {
  test.each<[string, string, string[], string]>([
    ['one hop', '10.1.2.3', ['198.51.100.7'], '198.51.100.7'],
    ['the first untrusted hop from the right', '10.1.2.3', ['1.1.1.1, 198.51.100.7, 10.9.9.9, 192.0.2.9'], '198.51.100.7'],
    ['several lines, in their order', '10.1.2.3', ['1.1.1.1', '198.51.100.7', '10.9.9.9'], '198.51.100.7'],
    ['only trusted hops: the left one', '10.1.2.3', ['10.7.7.7, 10.8.8.8'], '10.7.7.7'],
    ['no header: the peer', '10.1.2.3', [], '10.1.2.3'],
    ['spaces and tabs', '10.1.2.3', ['\t198.51.100.7 \t,  10.9.9.9 '], '198.51.100.7'],
    ['a port', '10.1.2.3', ['198.51.100.7:5123'], '198.51.100.7'],
    ['IPv6', '::1', ['2001:db8:ffff::5'], '2001:db8:ffff::5'],
    ['IPv6 in brackets', '::1', ['[2001:db8:ffff::5]'], '2001:db8:ffff::5'],
    ['IPv6 in brackets with a port', '::1', ['[2001:db8:ffff::5]:443'], '2001:db8:ffff::5'],
    ['an IPv6 proxy of a block', '2001:db8:1:2::3', ['198.51.100.7'], '198.51.100.7'],
    ['an IPv4 peer of a listener on ::', '::ffff:10.1.2.3', ['198.51.100.7'], '198.51.100.7'],
    ['such a peer without a header', '::ffff:10.1.2.3', [], '10.1.2.3'],
    ['an IPv4 hop written as IPv6', '10.1.2.3', ['1.1.1.1, ::ffff:198.51.100.7, ::FFFF:10.9.9.9'], '198.51.100.7'],
    ['a trusted hop in hexadecimal', '10.1.2.3', ['198.51.100.7, ::ffff:a09:909'], '198.51.100.7'],
  ])('%s', (_name, peer, lines, address) => expect(find(peer, ...lines)).toBe(address));
});

describe('a malformed hop ends the walk at the last good one', () => {
  test.each([
    'unknown',
    '_hidden',
    'client.example.com',
    '198.51.100',
    '198.51.100.007',
    '198.51.100.7:',
    '198.51.100.7:123456',
    '198.51.100.7 198.51.100.8',
    '"198.51.100.7"',
    'fe80::1%eth0',
    '[198.51.100.7',
    '::ffff:999.1.1.1',
    '<script>',
    '',
  ])('%j', (hop) => {
    expect(find('10.1.2.3', hop)).toBe('10.1.2.3');
    expect(find('10.1.2.3', `1.1.1.1, ${hop}, 10.9.9.9`)).toBe('10.9.9.9');
    expect(find('10.1.2.3', '1.1.1.1', hop, '10.9.9.9')).toBe('10.9.9.9');
  });

  test('a hop after an untrusted one is never read', () => {
    expect(find('10.1.2.3', '<script>, 198.51.100.7')).toBe('198.51.100.7');
  });

  test('more than 20 hops', () => {
    const hops = Array.from({ length: 100 }, (_, i) => `10.0.0.${i}`).reverse();
    expect(find('10.1.2.3', ['198.51.100.7', ...hops.slice(-19)].join(','))).toBe('198.51.100.7');
    expect(find('10.1.2.3', ['198.51.100.7', ...hops].join(','))).toBe('10.0.0.19');
    expect(find('10.1.2.3', ','.repeat(60_000))).toBe('10.1.2.3');
  });
});

describe('an untrusted peer', () => {
  test.each(['198.51.100.7', '11.0.0.1', '2001:db8:2::1', '::ffff:198.51.100.7', ''])('%j names no one else', (peer) => {
    expect(find(peer, '1.1.1.1, 10.1.2.3')).toBe(peer);
  });
});

describe('the list of proxies', () => {
  test('empty: the peer as it is, also an IPv4 address in IPv6', () => {
    const none = createClientAddresses();
    const head = { names: ['x-forwarded-for'], values: ['198.51.100.7'] };
    for (const peer of ['10.1.2.3', '::ffff:10.1.2.3']) expect(none.find(peer, head)).toBe(peer);
  });
  test('can change', () => {
    const changing = createClientAddresses();
    const head = { names: ['x-forwarded-for'], values: ['198.51.100.7'] };
    changing.trust(['10.0.0.0/8']);
    expect(changing.find('10.1.2.3', head)).toBe('198.51.100.7');
    changing.trust(['172.16.0.0/12']);
    expect(changing.find('10.1.2.3', head)).toBe('10.1.2.3');
    changing.trust([]);
    expect(changing.find('172.16.0.1', head)).toBe('172.16.0.1');
  });
});
