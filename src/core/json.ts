// Checks that a JSON value is an object. For `typeof`, null and arrays are objects too.

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
