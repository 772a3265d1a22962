// Recognizes the URL of a document below /.well-known/ where an issuer is required, and derives the
// issuer from it (RFC 8414 section 3.1, OpenID Connect Discovery section 4).

export const isWellKnown = (value: string): boolean =>
  /^https?:\/\//i.test(value) && value.includes('/.well-known/');

/** A URL of plain characters: without user name or query, which could hold a secret. */
const PARTS = /^(https?:\/\/[\w.:[\]-]+)(\/[\w./~-]+)?\/\.well-known\/[\w.-]+(\/[\w./~-]*)?$/i;

/** RFC 8414 inserts the well-known part before the path, OpenID Connect appends it. */
function issuerOf(value: string): string | null {
  const [, origin, before = '', after = ''] = PARTS.exec(value) ?? [];
  if (origin === undefined || (before !== '' && after !== '')) return null;
  // Auth0 writes a slash after its host.
  return origin + before + after + (/\.auth0\.com$/i.test(origin + before + after) ? '/' : '');
}

export function wellKnownProblem(value: unknown): string {
  const issuer = typeof value === 'string' ? issuerOf(value) : null;
  return (
    'this is the URL of a document, not the issuer; write the issuer exactly as in that ' +
    `document${issuer === null ? '' : `, probably ${issuer}`} (a slash at the end counts)`
  );
}
