// Checks the HTTP method: POST in every revision, GET and DELETE in the legacy revisions. It runs
// after authentication, because clients probe with GET and HEAD and need the 401.
import { type Exchange, singleHeader } from '../core/exchange.js';
import type { Failure } from '../core/failure.js';
import { methodRefused } from '../core/failures.js';
import { MODERN_VERSIONS } from './versions.js';

export function checkMethod(exchange: Exchange): Failure | null {
  const { method } = exchange;
  if (method === 'POST') return null;
  const version = singleHeader(exchange, 'mcp-protocol-version');
  const modern = typeof version === 'string' && MODERN_VERSIONS.includes(version);
  if (modern) return methodRefused({ detail: `${method} in revision ${version}`, allow: 'POST' });
  if (method === 'GET' || method === 'DELETE') return null;
  return methodRefused({ detail: method, allow: 'GET, POST, DELETE' });
}
