// Decides whether a request is unambiguous enough to be looked at: one Host, one body framing, an origin-form target, no protocol
// switch. Refuses what node:http lets through and another server might read differently. Never looks at credentials.
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

const TARGET_CHARACTERS = 8192;
const HEADER_LINES = 200;
/** Fields a decision is taken from: naming one in Connection would strip it after it was judged (C-132). */
const JUDGED = /^(authorization|dpop|host|origin|last-event-id|content-.*|mcp-.*)$/;
/** A name or an address, and a port. Without the user, zone and percent signs that other readers find hosts behind (RFC 9112 section 3.2). */
const HOST = /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$/;
/** They have no body: another reader may not look for one, and take it for the next request (RFC 9110 section 9.3.1). */
const BODYLESS = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS']);

const bad = (detail: string): Failure => connectionBadRequest({ detail });

export function validateRequest(head: RequestHead): Failure | null {
  const { method, target, version, names, values } = head;
  if (method === 'TRACE' || method === 'CONNECT')
    return methodRefused({ detail: method, allow: 'GET, POST, DELETE' });
  if (target.length > TARGET_CHARACTERS) return connectionTargetTooLong();
  // Absolute form names a second host, `//` and dot segments a second path (A-19, B-12).
  if (target.charCodeAt(0) !== 0x2f) return bad('request target is not in origin form');
  if (target.includes('#')) return bad('fragment in the request target');
  // The parser knows 0.9 and 2.0 too.
  if (version !== '1.1' && version !== '1.0') return bad(`HTTP/${version}`);
  if (names.length > HEADER_LINES)
    return connectionHeadersTooLarge({ detail: `${names.length} header lines` });
  let hosts = 0;
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    const value = values[i] as string;
    switch (name) {
      case 'host':
        hosts++;
        if (!HOST.test(value)) return bad(value === '' ? 'empty Host' : 'Host is no name and port');
        break;
      case 'expect':
        if (value.toLowerCase() !== '100-continue') return connectionExpectation();
        break;
      case 'upgrade':
        return bad('Upgrade is not offered');
      case 'transfer-encoding':
        if (value.toLowerCase() !== 'chunked') return bad('Transfer-Encoding other than chunked');
        // RFC 9112 section 6.1: framing is faulty.
        if (version === '1.0') return bad('Transfer-Encoding in HTTP/1.0');
        if (BODYLESS.has(method)) return bad(`${method} with a body`);
        break;
      case 'content-length':
        if (value !== '0' && BODYLESS.has(method)) return bad(`${method} with a body`);
        break;
      case 'connection':
        for (const one of value.split(','))
          if (JUDGED.test(one.trim().toLowerCase()))
            return bad('Connection names an end-to-end field');
        break;
      // Of these no later step asks whether they stand once (B-58, RFC 9449 section 4.3).
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
          return bad('two lines of one Mcp-Param');
    }
  }
  if (hosts === 1) return null;
  // HTTP/1.0 knows no Host, and balancers that probe with it send none. Everything else is asked of a host (B-12).
  if (hosts === 0 && version === '1.0' && HEALTH_PATHS.includes(head.path)) return null;
  return bad(`${hosts} Host lines`);
}
