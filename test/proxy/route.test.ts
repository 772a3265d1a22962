// Which endpoint a request is for: by exact path, and by nothing else.
import { describe, expect, test } from 'vitest';
import { createRoute } from '../../src/proxy/route.js';
import { endpoint } from '../support/endpoint.js';
import { head } from '../support/exchange.js';

describe('the route (C-147, C-144)', () => {
  const files = endpoint({ path: '/files/mcp' });
  const route = createRoute([files, endpoint({ path: '/b' })]);
  test.each(['/files/mcp', '/files/mcp?x=/b'])('%s is the endpoint', (target) => expect(route(head({ target }))).toBe(files));
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
  ])('%s is none', (target) => {
    expect(route(head({ target }))).toBeNull();
  });
});
