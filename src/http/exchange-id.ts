// Makes the ids of exchanges, which the log and the body of a rejection have.
import { randomBytes } from 'node:crypto';

/** mcp-remote takes these digits anywhere in an error as the sign of another transport. */
const MISLEADING = /40[45]/;

/** Random per process. */
function newPrefix(): string {
  for (;;) {
    const prefix = `${randomBytes(9).toString('base64url')}-`;
    if (!MISLEADING.test(prefix)) return prefix;
  }
}

const prefix = newPrefix();
let last = 0;

/** Unique and short, at a tenth of a UUID's cost. */
export function nextExchangeId(): string {
  let count = String(++last);
  while (count.includes('404') || count.includes('405')) count = String(++last);
  return prefix + count;
}
