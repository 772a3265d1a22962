// Checks that a JSON value is an object, or is present. For `typeof`, null and arrays are objects
// too.

/** `null` in an optional member means absent, as some providers write it. */
export const isPresent = (value: unknown): boolean => value !== undefined && value !== null;

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
