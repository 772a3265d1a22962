// Checks that a request is unambiguous: one Host, one body framing, a target with a path.
// Rejects requests that node:http accepts but another server may read differently. It ignores an
// offered Upgrade and goes on in HTTP/1.1, as RFC 9110 section 7.8 allows.
import { HEALTH_PATHS } from '../core/endpoint.js';
import type { RequestHead } from '../core/exchange.js';
import type { Failure } from '../core/failure.js';
import {
  connectionBadRequest,
  connectionExpectation,
  connectionHeadersTooLarge,
  connectionTargetTooLong,
  methodRefused,
} from '../core/failures.js';
import { namesSameHost } from './request-target.js';

const TARGET_CHARACTERS = 8192;
export const HEADER_LINES = 200;
/**
 * Fields on which a decision depends. A `Connection` header that names one of them asks the next
 * hop to remove it, after the gateway has checked it (C-132, stripped fields).
 */
const DECISIVE_FIELD = /^(authorization|dpop|host|origin|last-event-id|content-.*|mcp-.*)$/;
/**
 * A name or an address, with or without a port, which may be empty (RFC 9110 section 7.2). It has
 * no user, zone or percent sign: other parsers find a different host behind these.
 */
const HOST = /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{0,5})?$/;
/**
 * Methods without a body (RFC 9110 section 9.3.1). Another server may take the body of such a
 * request for the next request. A chunked body may be empty: its reader decides.
 */
const BODYLESS = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS']);

const bad = (detail: string): Failure => connectionBadRequest({ detail });

export function validateRequest(head: RequestHead): Failure | null {
  const { method, target, absolute, version, names, values } = head;
  if (method === 'TRACE' || method === 'CONNECT')
    return methodRefused({ detail: method, allow: 'GET, POST, DELETE' });
  if (target.length > TARGET_CHARACTERS) return connectionTargetTooLong();
  if (target.charCodeAt(0) !== 0x2f) return bad('request target without a path');
  if (target.includes('#')) return bad('fragment in the request target');
  // The parser also accepts 0.9 and 2.0.
  if (version !== '1.1' && version !== '1.0') return bad(`HTTP/${version}`);
  if (names.length > HEADER_LINES)
    return connectionHeadersTooLarge({ detail: `${names.length} header lines` });
  // The absolute form names a second host, which must be the same one (B-12, one Host).
  if (absolute !== null && !HOST.test(absolute.authority))
    return bad('malformed host in the target');
  let hosts = 0;
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    const value = values[i] as string;
    switch (name) {
      case 'host':
        hosts++;
        if (!HOST.test(value)) return bad(value === '' ? 'empty Host' : 'malformed Host');
        if (absolute !== null && !namesSameHost(absolute, value))
          return bad('the target names another host than Host');
        break;
      case 'expect':
        if (value.toLowerCase() !== '100-continue') return connectionExpectation();
        break;
      case 'transfer-encoding':
        if (value.toLowerCase() !== 'chunked') return bad('Transfer-Encoding other than chunked');
        // RFC 9112 section 6.1: its framing is faulty.
        if (version === '1.0') return bad('Transfer-Encoding in HTTP/1.0');
        // A preflight is answered before any body is read, and no browser sends it in chunks.
        if (method === 'OPTIONS') return bad('OPTIONS with a body');
        break;
      case 'content-length':
        if (value !== '0' && BODYLESS.has(method)) return bad(`${method} with a body`);
        break;
      case 'connection':
        for (const option of value.split(','))
          if (DECISIVE_FIELD.test(option.trim().toLowerCase()))
            return bad('Connection names an end-to-end field');
        break;
      // No later step checks that these occur once (B-58, single fields; RFC 9449 section 4.3).
      case 'dpop':
      case 'last-event-id':
        if (names.indexOf(name) !== i) return bad(`two ${name} lines`);
        break;
      default:
        if (
          name.charCodeAt(0) === 0x6d &&
          name.startsWith('mcp-param-') &&
          names.indexOf(name) !== i
        )
          return bad('two lines of one Mcp-Param header');
    }
  }
  if (hosts === 1) return null;
  // HTTP/1.0 has no Host, and balancers that probe with it send none. Every other request needs a
  // Host (B-12, one Host).
  if (hosts === 0 && version === '1.0' && HEALTH_PATHS.includes(head.path)) return null;
  return bad(`${hosts} Host lines`);
}
