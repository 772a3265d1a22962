// Packs resolved values for a message to another process, and unpacks them there. The workers get
// the resolved configuration, and never read the files. So all of them run with the same one, also
// a worker that starts while the file has a problem.
import { type Secret, secret } from '../../core/secret.js';

const isSecret = (value: object): value is Secret =>
  typeof (value as { reveal?: unknown }).reveal === 'function';

const mapped = (value: object, map: (inner: unknown) => unknown): object => {
  if (Array.isArray(value)) return value.map(map);
  if (value instanceof Map) return new Map([...value].map(([key, inner]) => [key, map(inner)]));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, map(inner)]));
};

/**
 * For the structured clone of a message. A secret becomes a String object, because no configuration
 * has one. The message goes through a socket of the two processes, where no other process reads.
 */
export function pack(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return isSecret(value) ? Object(value.reveal()) : mapped(value, pack);
}

/** The value again, frozen. */
export function unpack(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return value instanceof String ? secret(String(value)) : Object.freeze(mapped(value, unpack));
}
