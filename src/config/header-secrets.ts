// Checks the form of a secret that becomes the value of a header. Never shows the secret.
import { isHeaderLine, MOST_HEADER_CHARACTERS } from '../core/header-line.js';
import type { Secret } from '../core/secret.js';
import type { Path, Problem } from './problems.js';

/** The problem with a secret that cannot be the value of a header; null where it can. */
export const headerSecretMessage = (value: Secret): string | null =>
  isHeaderLine(value.reveal())
    ? null
    : 'the secret must be one line of visible ASCII, such as "Bearer abc", of at most ' +
      `${MOST_HEADER_CHARACTERS} characters. Remove spaces around it or two in a row`;

/** `value`: undefined where it is absent, or is not a secret. */
export function headerSecretProblems(value: Secret | undefined, path: Path): Problem[] {
  const message = value === undefined ? null : headerSecretMessage(value);
  return message === null ? [] : [{ path, message }];
}
