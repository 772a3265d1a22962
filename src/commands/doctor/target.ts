// The target of a run of the doctor: the URL, the credential, and what the operator chose.
import type { HeaderCredential } from '../header-credential.js';

/** The result of a login, as a check reports it. */
export interface LoginResult {
  readonly result: 'ok' | 'fail' | 'skipped' | 'warn';
  readonly observed: string;
  readonly fix?: string;
}

export interface Target {
  /** As typed: the checks compare the resource with it exactly. */
  readonly url: string;
  readonly token: string | null;
  /** A credential in another header or scheme, in place of a token. */
  readonly key?: HeaderCredential | null;
  /** How the login with a client id and its secret went, before the checks. */
  readonly login?: LoginResult | null;
  readonly tool: string | null;
  /** The origin of a web page that calls the server. */
  readonly origin: string;
  /** How long a stream has to stay open without an event; null skips that check. */
  readonly idleMs: number | null;
  /** The time limit for an event. */
  readonly eventMs: number;
  /** How long the doctor waits for the result of a tool; 30 s without it. */
  readonly callMs?: number;
}

/** The header of the credential; empty without one. */
export function credentialOf({
  token,
  key,
}: Pick<Target, 'token' | 'key'>): Readonly<Record<string, string>> {
  if (token !== null) return { authorization: `Bearer ${token}` };
  return key ? { [key.header]: key.value } : {};
}
