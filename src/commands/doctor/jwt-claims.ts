// Reads the claims of a JWT without verifying them.
import { isObject } from '../../core/json.js';
import type { JsonObject } from './document.js';

/** Null for a token that is not a JWT. */
export function claimsOf(token: string): JsonObject | null {
  const [, payload, signature] = token.split('.');
  if (payload === undefined || signature === undefined) return null;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return isObject(claims) ? claims : null;
  } catch {
    return null;
  }
}
