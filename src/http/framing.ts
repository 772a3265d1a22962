// Reads how a request frames its body. The values are valid: node:http and request-validation.ts
// have checked them.
import type { RequestHead } from '../core/exchange.js';

/** The Content-Length; 0 where the request has none. */
export function declaredBytes({ names, values }: RequestHead): number {
  const at = names.indexOf('content-length');
  return at < 0 ? 0 : Number(values[at]) || 0;
}

/** A body in chunks may be empty. */
export const hasBody = (head: RequestHead): boolean =>
  declaredBytes(head) > 0 || head.names.includes('transfer-encoding');
