// The sealed texts of the facade, each of its own purpose. They are its only memory: any replica
// with the key ring goes on where another began.
import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.js';
import type { Person } from '../../core/issued-token.js';
import { type Secret, secret } from '../../core/secret.js';
import { createSealedTexts, type SealedTexts } from '../../seal/sealed-texts.js';

/** How a client authenticates at the token endpoint (RFC 7591 section 2). */
export type ClientMethod = 'none' | 'client_secret_basic' | 'client_secret_post';

/** A registered client. Its client id is this, sealed. */
export interface ClientFacts {
  /** Null: it gave no name. */
  readonly name: string | null;
  readonly redirectUris: readonly string[];
  readonly method: ClientMethod;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
}

/** A login is bound to these, from the authorization request to the code. */
export interface LoginFacts {
  /** Id of the browser that began it. */
  readonly browser: string;
  /** `hashOf` its client id. */
  readonly client: string;
  readonly redirectUri: string;
  /** `state` of the client; null: it sent none. */
  readonly state: string | null;
  readonly resource: string;
  /** PKCE, S256 (RFC 7636 section 4.2). */
  readonly challenge: string;
  /** Those of the consent page. */
  readonly scopes: readonly string[];
  /** The ID token repeats it (OpenID Connect Core section 3.1.2.1). Absent: in mode `pass`. */
  readonly nonce?: string;
}

/** A request that waits for consent. */
export interface AskedFacts extends LoginFacts {
  /** As `consentKey` names it. */
  readonly consent: string;
  /** `prompt` of OpenID Connect; null: absent. */
  readonly prompt: string | null;
}

export interface CodeFacts extends Omit<LoginFacts, 'browser' | 'state'> {
  /** The code of the identity provider. */
  readonly code: string;
}

/** Who logged in, as a facade that issues tokens remembers it. */
export interface Login {
  readonly person: Person;
  readonly nonce: string;
  /** True: `token` is the access token. The user endpoint is asked with it. */
  readonly isAccess: boolean;
}

export interface RefreshFacts {
  /** The refresh token of the identity provider. */
  readonly token: string;
  readonly client: string;
  readonly resource: string;
  /** A refresh may ask for these and no others (RFC 6749 section 6). */
  readonly scopes: readonly string[];
  /** Absent: clients get the tokens of the identity provider. */
  readonly login?: Login;
}

/** A consent that a browser remembers. */
export interface Consent {
  /** As `consentKey` names it. */
  readonly key: string;
  /** Seconds since the epoch. */
  readonly end: number;
}

export interface FacadeTexts {
  readonly client: SealedTexts<ClientFacts>;
  /** The hidden field of the consent page. */
  readonly asked: SealedTexts<AskedFacts>;
  readonly state: SealedTexts<LoginFacts>;
  readonly code: SealedTexts<CodeFacts>;
  readonly refresh: SealedTexts<RefreshFacts>;
  /** The cookie that binds a login to a browser: its id. */
  readonly browser: SealedTexts<string>;
  /** The cookie that remembers consent, the newest first. */
  readonly consent: SealedTexts<readonly Consent[]>;
}

/** Seconds. */
export const LIVES = { asked: 600, state: 600, browser: 600, code: 60, consent: 30 * 86_400 };

/** Names a long text, such as a client id, in a sealed one. */
export const hashOf = (text: string): string =>
  createHash('sha256').update(text).digest('base64url');

/** The private member of an Ed25519 or P-256 key: 32 random bytes. */
function rootOf(jwk: Secret): Secret {
  const { d } = JSON.parse(jwk.reveal()) as { d: string };
  return secret(Buffer.from(d, 'base64url').toString('base64'));
}

/** A grant of another identity provider or mode is foreign. */
export interface GrantScope {
  /** The issuer of the identity provider. */
  readonly behind: string;
  /** The facade issues tokens of its own. */
  readonly issues: boolean;
}

/** `keys`: private JWKs as JSON, the newest first. `issuer`: that of the facade. */
export function createFacadeTexts(
  keys: readonly Secret[],
  issuer: string,
  clock: Clock,
  { behind, issues }: GrantScope,
): FacadeTexts {
  const ofMode = issues ? 'issued-' : '';
  const roots = keys.map(rootOf);
  const texts = <T>(typ: string, of = issuer): SealedTexts<T> =>
    createSealedTexts<T>(roots, `facade-${typ}`, of, clock);
  const grants = <T>(typ: string): SealedTexts<T> =>
    texts(`${ofMode}${typ}`, `${issuer} ${behind}`);
  return {
    client: texts('client'),
    asked: texts('asked'),
    state: grants('state'),
    code: grants('code'),
    refresh: grants('refresh'),
    browser: texts('browser'),
    consent: texts('consent'),
  };
}
