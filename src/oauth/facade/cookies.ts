// The cookies of the facade: one binds a login to a browser, one remembers consent. Both are
// sealed, and `__Host-` keeps other hosts from setting them (RFC 6265bis section 4.1.3.2).
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock.js';
import type { RequestHead } from '../../core/exchange.js';
import { type Consent, type FacadeTexts, hashOf, LIVES } from './texts.js';

export interface Cookies {
  /** Null id: the browser has no good cookie of a login. */
  read(head: RequestHead): { readonly id: string | null; readonly consents: readonly Consent[] };
  /** The header that begins or prolongs a login. */
  setBrowser(id: string): readonly string[];
  /** The header that remembers a consent beside the earlier ones. */
  setConsent(consent: string, earlier: readonly Consent[]): readonly string[];
}

/** More would make the header of the browser longer than servers accept. */
const MAX_CONSENTS = 20;

export const newBrowserId = (): string => randomUUID();

/** The same request of the same client needs no second consent. */
export const consentKey = (
  client: string,
  registeredUri: string,
  resource: string,
  scopes: readonly string[],
): string => hashOf(JSON.stringify([client, registeredUri, resource, [...scopes].sort()]));

/**
 * Only the white space of HTTP. A name with another space before it has no prefix for a browser, so
 * any host of the domain could set it.
 */
const SPACES = /^[ \t]+|[ \t]+$/g;

function cookiesOf({ names, values }: RequestHead): Map<string, string> {
  const found = new Map<string, string>();
  for (const [i, name] of names.entries()) {
    if (name !== 'cookie') continue;
    for (const pair of (values[i] as string).split(';')) {
      const at = pair.indexOf('=');
      if (at > 0)
        found.set(pair.slice(0, at).replace(SPACES, ''), pair.slice(at + 1).replace(SPACES, ''));
    }
  }
  return found;
}

/** `name`: of the issuer in the configuration. Each facade has cookies of its own. */
export function createCookies(
  { browser, consent }: Pick<FacadeTexts, 'browser' | 'consent'>,
  name: string,
  clock: Clock,
): Cookies {
  const nowSeconds = (): number => Math.floor(clock.wallMs() / 1000);
  const names = { browser: `__Host-login-${name}`, consent: `__Host-consent-${name}` };
  // Lax: the browser sends them when the identity provider redirects back, and with no form of
  // another site.
  const set = (cookie: string, value: string, seconds: number): readonly string[] => [
    'set-cookie',
    `${cookie}=${value}; Path=/; Max-Age=${seconds}; Secure; HttpOnly; SameSite=Lax`,
  ];
  return {
    read(head) {
      const found = cookiesOf(head);
      const id = browser.open(found.get(names.browser) ?? '');
      const consents = consent.open(found.get(names.consent) ?? '');
      const all = consents.ok ? consents.value : [];
      // The cookie is as young as its newest consent.
      return { id: id.ok ? id.value : null, consents: all.filter(({ end }) => nowSeconds() < end) };
    },
    setBrowser: (id) => set(names.browser, browser.seal(id, LIVES.browser), LIVES.browser),
    setConsent(key, earlier) {
      const newest = { key, end: nowSeconds() + LIVES.consent };
      const all = [newest, ...earlier.filter((one) => one.key !== key)].slice(0, MAX_CONSENTS);
      return set(names.consent, consent.seal(all, LIVES.consent), LIVES.consent);
    },
  };
}
