// Forges a token for the demo: the same header and claims, with another signature.

/** Changes the first character of the signature. */
export function forgeSignature(token: string): string {
  const [header, claims, signature = ''] = token.split('.');
  return `${header}.${claims}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
}
