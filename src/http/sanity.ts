// Decides whether a request is unambiguous enough to be looked at: one Host, one body framing, an origin-form target, no protocol
// switch. Refuses what node:http lets through and another server might read differently. Never looks at credentials.
import type { RequestHead } from '../core/exchange.js';
import {
  connectionBadRequest,
  connectionHeadersTooLarge,
  connectionTargetTooLong,
  type Failure,
  methodRefused,
} from '../core/failure.js';

const TARGET_CHARACTERS = 8192;
const HEADER_LINES = 200;
/** Fields a decision is taken from: naming one in Connection would strip it after it was judged (C-132). */
const JUDGED = /^(authorization|host|origin|content-.*|mcp-.*)$/;

const QUERY_TOKEN = /[?&]access_token=/i;

const bad = (detail: string): Failure => connectionBadRequest({ detail });

export function sane(head: RequestHead): Failure | null {
  const { method, target, names, values } = head;
  if (method === 'TRACE' || method === 'CONNECT') return methodRefused({ detail: method, allow: 'GET, POST, DELETE' });
  if (target.length > TARGET_CHARACTERS) return connectionTargetTooLong();
  // Absolute form names a second host, `//` and dot segments a second path (A-19, B-12).
  if (target.charCodeAt(0) !== 0x2f) return bad('request target is not in origin form');
  if (target.includes('#')) return bad('fragment in the request target');
  // A token in a URL is in every log on its way (C-06, RFC 9700 section 4.3.2).
  if (target.includes('?') && QUERY_TOKEN.test(target)) return bad('a token in the query; send it in the Authorization header');
  if (names.length > HEADER_LINES) return connectionHeadersTooLarge({ detail: `${names.length} header lines` });
  let hosts = 0;
  for (let i = 0; i < names.length; i++) {
    switch (names[i]) {
      case 'host':
        hosts++;
        if (values[i] === '') return bad('empty Host');
        break;
      case 'expect':
        if (values[i]?.toLowerCase() !== '100-continue') return bad('an expectation other than 100-continue');
        break;
      case 'upgrade':
        return bad('Upgrade is not offered');
      case 'transfer-encoding':
        if (values[i]?.toLowerCase() !== 'chunked') return bad('Transfer-Encoding other than chunked');
        break;
      case 'connection':
        for (const name of (values[i] as string).split(','))
          if (JUDGED.test(name.trim().toLowerCase())) return bad('Connection names an end-to-end field');
        break;
    }
  }
  return hosts === 1 ? null : bad(`${hosts} Host lines`);
}
