// The route: a request finds its endpoint by its exact path only.
import { describe, expect, test } from 'vitest';
import { createNoRoute, createRoute, ownHosts } from '../../src/app/route.js';
import type { EndpointRuntime } from '../../src/core/endpoint-runtime.js';
import { endpoint } from '../support/endpoint.js';
import { head } from '../support/exchange.js';

const at = (path: string, host: string | null = null) => ({ config: endpoint({ path, host }) }) as EndpointRuntime;
const places = (...paths: string[]) => paths.map((path) => ({ host: null, path }));

describe('the route (C-147, C-144)', () => {
  const files = at('/files/mcp');
  const route = createRoute([files, at('/b')]);
  const find = (target: string) => route('mcp.example.com', head({ target }).path);
  test.each(['/files/mcp', '/files/mcp?x=/b'])('%s finds the endpoint', (target) => expect(find(target)).toBe(files));
  test.each([
    '/files/mcp/',
    '//files/mcp',
    '/files//mcp',
    '/Files/mcp',
    '/files%2Fmcp',
    '/files/%6dcp',
    '/files/mcp;x',
    '/b/../files/mcp',
    '/files/mcp%00',
    '/',
    '',
    '/files/mcp/x',
    '/.well-known/x',
  ])('%j has no endpoint', (target) => {
    expect(find(target)).toBeNull();
  });
  test('another host has the same endpoints', () => expect(route('other.example.com', '/files/mcp')).toBe(files));
});

describe('a path without an endpoint (D-13)', () => {
  const noRoute = createNoRoute(places('/files/mcp', '/b', '/c/d', '/cd'), null);
  const told = (path: string) => {
    const { definition, data } = noRoute('mcp.example.com', path);
    return [definition.reason, data?.path];
  };

  test.each([
    ['/files/mcp/', '/files/mcp'],
    ['//files/mcp', '/files/mcp'],
    ['/files//mcp//', '/files/mcp'],
    ['/filesmcp', '/files/mcp'],
    ['/b/', '/b'],
    ['/c//d', '/c/d'],
    ['/cd/', '/c/d'],
  ])('%s differs by slashes only: the failure has the path of the configuration', (path, known) => {
    expect(told(path)).toEqual(['route.slash', known]);
  });

  test.each(['/', '//', '/mcp', '/files', '/Files/mcp/', '/files/mcp/x', '/files%2Fmcp', '/b;/', '/.well-known/x'])(
    '%s is unknown, and the failure has no path',
    (path) => expect(told(path)).toEqual(['route.unknown', undefined]),
  );

  test('two slashes differ from the root by one', () => {
    expect(createNoRoute(places('/'), null)('mcp.example.com', '//').data).toEqual({ path: '/' });
    expect(createNoRoute(places('/'), null)('mcp.example.com', '/mcp').definition.reason).toBe('route.unknown');
  });
});

describe('a route by host (A-06, nothing from Host)', () => {
  const [a, b, anywhere] = [at('/mcp', 'a.example'), at('/mcp', 'b.example'), at('/mcp')] as const;
  const route = createRoute([anywhere, a, b, at('/only', 'a.example')]);
  test.each([
    ['a.example', a],
    ['A.Example:443', a],
    ['b.example:8080', b],
    ['c.example', anywhere],
    ['a.example.', anywhere],
  ])('%s finds its own endpoint', (host, found) => expect(route(host, '/mcp')).toBe(found));

  test('a path of one host is unknown at another', () => {
    expect(route('a.example', '/only')?.config.host).toBe('a.example');
    expect(route('b.example', '/only')).toBeNull();
  });

  test('1,000 hosts with one path: each finds its own', () => {
    const all = Array.from({ length: 1000 }, (_, i) => at('/mcp', `t${i}.example`));
    const find = createRoute(all);
    expect(all.every((one) => find(`${one.config.host}`, '/mcp') === one)).toBe(true);
    expect([find('t1000.example', '/mcp'), find('T999.example:1', '/mcp')]).toEqual([null, all[999]]);
  });
});

describe('a place without an endpoint, where endpoints have hosts', () => {
  const config = {
    endpoints: [endpoint({ host: 'a.example' }), endpoint({ host: 'b.example', path: '/b' })],
    publicUrl: 'https://gateway.example:8443',
    bridge: null,
    identity: { issuer: 'https://identity.example/x', keys: [] },
  };
  const reason = (host: string, path: string, own = ownHosts(config)) =>
    createNoRoute(config.endpoints, own)(host, path).definition.reason;

  test.each([
    ['a.example', '/b', 'route.unknown'],
    ['a.example', '/mcp/', 'route.slash'],
    ['b.example', '/mcp/', 'route.unknown'],
    ['c.example', '/mcp/', 'route.host'],
    ['gateway.example', '/mcp', 'route.unknown'],
    ['Identity.example:1', '/mcp', 'route.unknown'],
    ['', '/', 'route.host'],
  ])('%s%s is %s', (host, path, expected) => expect(reason(host, path)).toBe(expected));

  test('one endpoint without a host serves every host', () => {
    const own = ownHosts({ ...config, endpoints: [...config.endpoints, endpoint()] });
    expect([own, reason('c.example', '/x', own)]).toEqual([null, 'route.unknown']);
  });

  test('the detail has the host, and not more than a line of it', () => {
    const { detail } = createNoRoute(config.endpoints, ownHosts(config))('c'.repeat(5000), '/mcp');
    expect(detail).toBe(`no endpoint has the host ${'c'.repeat(100)}`);
  });
});
