// The cookies of the facade: one binds a login to a browser, one remembers consent. Both are
// sealed, and `__Host-` keeps other hosts from setting them (RFC 6265bis section 4.1.3.2).
import { createHash, randomUUID } from 'node:crypto';
import type { RequestHead } from '../../core/exchange.js';
import { type FacadeTexts, LIVES } from './texts.js';

export interface Cookies {
  /** Null id: the browser has no good cookie of a login. */
  read(head: RequestHead): { readonly id: string | null; readonly consents: readonly string[] };
  /** The header that begins or prolongs a login. */
  setBrowser(id: string): readonly string[];
  /** The header that remembers a consent beside the earlier ones. */
  setConsent(consent: string, earlier: readonly string[]): readonly string[];
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
): string =>
  createHash('sha256')
    .update(JSON.stringify([client, registeredUri, resource, [...scopes].sort()]))
    .digest('base64url');

function cookiesOf({ names, values }: RequestHead): Map<string, string> {
  const found = new Map<string, string>();
  for (const [i, name] of names.entries()) {
    if (name !== 'cookie') continue;
    for (const pair of (values[i] as string).split(';')) {
      const at = pair.indexOf('=');
      if (at > 0) found.set(pair.slice(0, at).trim(), pair.slice(at + 1).trim());
    }
  }
  return found;
}

/** `name`: of the issuer in the configuration. Each facade has cookies of its own. */
export function createCookies(
  { browser, consent }: Pick<FacadeTexts, 'browser' | 'consent'>,
  name: string,
): Cookies {
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
      return { id: id.ok ? id.value : null, consents: consents.ok ? consents.value : [] };
    },
    setBrowser: (id) => set(names.browser, browser.seal(id, LIVES.browser), LIVES.browser),
    setConsent(key, earlier) {
      const all = [key, ...earlier.filter((one) => one !== key)].slice(0, MAX_CONSENTS);
      return set(names.consent, consent.seal(all, LIVES.consent), LIVES.consent);
    },
  };
}
