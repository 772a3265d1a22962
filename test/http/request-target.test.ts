// The absolute form of the request target: it names the same host as Host, or is rejected.
import { describe, expect, test } from 'vitest';
import { validateRequest } from '../../src/http/request-validation.js';
import { type Asked, head } from '../support/exchange.js';
import { reasonOf } from '../support/kinds.js';

const check = (asked: Asked): string => reasonOf(validateRequest(head(asked)));

describe('a target in absolute form (RFC 9112 section 3.2.2; B-12, A-19)', () => {
  const asked = (target: string, host: string, more: Asked = {}): string => check({ target, lines: [['Host', host]], ...more });

  test.each([
    ['http://a/mcp', 'a'],
    ['HTTP://A/mcp', 'a'],
    ['http://a/mcp', 'A'],
    ['http://a:80/mcp', 'a'],
    ['http://a/mcp', 'a:80'],
    ['http://a:/mcp', 'a'],
    ['http://a/mcp', 'a:'],
    ['https://a/mcp', 'a:443'],
    ['http://a:8080/mcp', 'a:8080'],
    ['http://[::1]:8080/mcp', '[::1]:8080'],
    ['http://[2001:DB8::1]/mcp', '[2001:db8::1]:80'],
    ['http://a', 'a'],
    ['http://a?x=1', 'a'],
    ['http://a//mcp', 'a'],
    ['http://a/b/../mcp', 'a'],
    ['http://a/mcp?u=http://b@c/', 'a'],
  ])('%s with the Host %s passes', (target, host) => expect(asked(target, host)).toBe('ok'));

  test.each([
    ['http://a/mcp', 'b'],
    ['http://a/mcp', 'a.'],
    ['http://a./mcp', 'a'],
    ['http://a:81/mcp', 'a'],
    ['http://a:443/mcp', 'a'],
    ['https://a:80/mcp', 'a'],
    ['https://a/mcp', 'a:80'],
    ['http://a:080/mcp', 'a'],
    ['http://[::1]/mcp', '[0:0:0:0:0:0:0:1]'],
    ['http://u@a/mcp', 'a'],
    ['http://u:p@a/mcp', 'a'],
    ['http://a@b/mcp', 'b'],
    ['http://a%2e/mcp', 'a.'],
    ['http://%61/mcp', 'a'],
    ['http://a\\b/mcp', 'a'],
    ['http://a:b/mcp', 'a'],
    ['http://a:999999/mcp', 'a'],
    ['http://a, b/mcp', 'a'],
    ['http:///mcp', 'a'],
    ['http://:80/mcp', 'a'],
    ['http://a/mcp#x', 'a'],
    ['http://a#x', 'a'],
  ])('%s with the Host %s is rejected', (target, host) => {
    expect(asked('http://a/mcp', 'a')).toBe('ok');
    expect(asked(target, host)).toBe('connection.bad_request');
  });

  test('does not replace the Host header, except for health in HTTP/1.0', () => {
    const target = 'http://a/healthz';
    expect(check({ target, lines: [] })).toBe('connection.bad_request');
    expect(check({ target, lines: [], version: '1.0', method: 'GET' })).toBe('ok');
    expect(check({ target: 'http://a/mcp', lines: [], version: '1.0' })).toBe('connection.bad_request');
    expect(
      asked('http://a/mcp', 'a', {
        lines: [
          ['Host', 'a'],
          ['Host', 'a'],
        ],
      }),
    ).toBe('connection.bad_request');
  });

  test.each([
    ['http://a', '/', '/'],
    ['http://a?x=1', '/', '/?x=1'],
    ['http://a/mcp?x=1', '/mcp', '/mcp?x=1'],
    ['http://a//mcp', '//mcp', '//mcp'],
    ['http://a/./mcp/', '/./mcp/', '/./mcp/'],
    ['http://a/%2e%2e', '/%2e%2e', '/%2e%2e'],
  ])('%s has the exact path %s', (target, path, originForm) => {
    const read = head({ target });
    expect([read.path, read.target]).toEqual([path, originForm]);
  });
});
