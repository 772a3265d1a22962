// Describes headers for the upstream for `explain`: names, lengths and fingerprints. Never shows a
// value, or a fingerprint of a text that a reader could guess.
import { hash } from 'node:crypto';
import { headerText } from '../core/api-key.js';
import type { Values } from '../core/explanation.js';
import type { UpstreamHeader } from '../core/upstream-credential.js';

/** With SHA-256, anybody can try all short texts. These bounds leave at least 100 bits. */
const LEAST_CHARACTERS = 32;
const LEAST_DIFFERENT = 12;
/** Any other first word could be a part of a secret. */
const SCHEMES = /^(Bearer|Basic|Token|ApiKey|Digest|DPoP|Negotiate|AWS4-HMAC-SHA256) +/i;

/** A text that a person made up has spaces, repeats characters or is short. */
const isRandom = (text: string): boolean =>
  text.length >= LEAST_CHARACTERS &&
  !/\s/.test(text) &&
  /\d/.test(text) &&
  new Set(text).size >= LEAST_DIFFERENT;

/**
 * The length, and the first 8 hex digits of the SHA-256 of the whole value. No fingerprint for
 * Basic (RFC 7617): it encodes a password, which is often short.
 */
function secretValues(name: string, value: string): Values {
  const scheme = name === 'authorization' ? SCHEMES.exec(value) : null;
  const [prefix = '', word] = scheme ?? [];
  const isShown = word?.toLowerCase() !== 'basic' && isRandom(value.slice(prefix.length));
  return {
    ...(name === 'authorization' ? { scheme: word ?? 'none that is known' } : {}),
    characters: value.length,
    ...(isShown ? { fingerprint: hash('sha256', value).slice(0, 8) } : {}),
  };
}

/** The template as the operator wrote it; null for a constant, which may be a secret. */
export function templateText(header: UpstreamHeader): string | null {
  if (header.kind === 'constant') return null;
  const { before, fact, claim, isOptional, after } = header;
  const name = fact === 'claim' ? `claim.${claim}` : fact;
  return `${before}{${name}${isOptional ? '?' : ''}}${after}`;
}

const keyOf = (name: string): string => `header ${headerText(name)}`;

/** The headers of the configuration, by name. */
export const configuredHeaders = (headers: readonly UpstreamHeader[]): Values =>
  Object.fromEntries(
    headers.map((one) => [keyOf(one.name), templateText(one) ?? 'a constant or a secret']),
  );

/**
 * The headers of one call, by name. `pairs`: names and values in turn. A value from a template is a
 * fact about a person, such as an address, so it has no fingerprint.
 */
export function headerValues(pairs: readonly string[], headers: readonly UpstreamHeader[]): Values {
  const templates = new Set(
    headers.filter((one) => one.kind === 'template').map((one) => one.name),
  );
  const values: Record<string, unknown> = {};
  for (const name of templates) values[keyOf(name)] = 'absent';
  for (let at = 0; at < pairs.length; at += 2) {
    const [name = '', value = ''] = pairs.slice(at, at + 2);
    values[keyOf(name)] = templates.has(name)
      ? { characters: value.length }
      : secretValues(name, value);
  }
  return values;
}
