// The route: a request finds its endpoint by its exact path only.
import { describe, expect, test } from 'vitest';
import { createNoRoute, createRoute } from '../../src/app/route.js';
import type { EndpointRuntime } from '../../src/core/endpoint-runtime.js';
import { endpoint } from '../support/endpoint.js';
import { head } from '../support/exchange.js';

const at = (path: string) => ({ config: endpoint({ path }) }) as EndpointRuntime;

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
  const noRoute = createNoRoute(['/files/mcp', '/b', '/c/d', '/cd']);
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
    expect(createNoRoute(['/'])('mcp.example.com', '//').data).toEqual({ path: '/' });
    expect(createNoRoute(['/'])('mcp.example.com', '/mcp').definition.reason).toBe('route.unknown');
  });
});
