// Decides what counts as a JSON object: neither null nor an array, which `typeof` takes for objects too.

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
