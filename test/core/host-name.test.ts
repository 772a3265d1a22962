// The name of a Host header, and how it selects among the configured hosts.
import { describe, expect, test } from 'vitest';
import { findByHost, hostNameOf } from '../../src/core/host-name.js';

describe('the host name', () => {
  test.each([
    ['files.example.com', 'files.example.com'],
    ['Files.EXAMPLE.com', 'files.example.com'],
    ['files.example.com:8443', 'files.example.com'],
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.1:80', '127.0.0.1'],
    ['[::1]', '[::1]'],
    ['[::1]:8080', '[::1]'],
    ['[FD00::A]:1', '[fd00::a]'],
    ['', ''],
  ])('of %j is %j', (host, name) => expect(hostNameOf(host)).toBe(name));
});

describe('a Host', () => {
  const byHost = new Map([
    ['a.example', 'A'],
    ['[::1]', 'six'],
  ]);
  test.each([
    ['a.example', 'A'],
    ['A.Example:8080', 'A'],
    ['[::1]:9', 'six'],
  ])('%s finds %s', (host, found) => expect(findByHost(byHost, host)).toBe(found));
  test.each(['b.example', 'a.example.', 'a.example.evil', 'x.a.example', 'xa.example', '::1', '', 'a'])(
    '%j finds nothing',
    (host) => expect(findByHost(byHost, host)).toBeUndefined(),
  );
});
