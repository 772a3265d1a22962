// Rejects requests for pages of the facade that no person has asked for. It does so before anything
// counts them: another site must not use up the logins of a network.
import { type RequestHead, singleHeader } from '../../core/exchange.js';
import type { FacadeAnswer } from '../../core/facade-server.js';
import { errorPage, tooMany } from './answers.js';
import type { FacadeLimits } from './limits.js';

const NOT_A_PAGE = [
  'Please begin again',
  'This page opens in a window of its own. Go back to the app.',
] as const;

/**
 * Rejects an image, a frame or a script of another page, and a page that a browser loads before
 * anyone asks for it (Fetch Metadata). Null: it is a page, or the browser does not say.
 */
export function rejectUnasked(head: RequestHead): FacadeAnswer | null {
  if (head.names.includes('sec-purpose'))
    return errorPage(...NOT_A_PAGE, 'the browser loaded the page ahead');
  const destination = singleHeader(head, 'sec-fetch-dest');
  return destination === undefined || destination === 'document'
    ? null
    : errorPage(...NOT_A_PAGE, 'the browser asked for a part of another page');
}

/** Counts a page of a login. Null: the network may have it. */
export function countPage(limits: FacadeLimits, clientAddress: string): FacadeAnswer | null {
  const waitMs = limits.take('login', clientAddress);
  return waitMs > 0 ? tooMany(waitMs, 'too many logins of one address') : null;
}
