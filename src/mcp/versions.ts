// The lists of the MCP revisions that the gateway serves. They are exact: a comparison would accept
// `9999` or `zzzz` as modern (B-34, exact version list).

/** Stateless, POST only, version and method mirrored in headers. */
export const MODERN_VERSIONS: readonly string[] = ['2026-07-28'];

/**
 * Handshake, sessions, GET streams. Some servers agree only to 2024-11-05 over Streamable HTTP,
 * which that revision does not define (measured).
 */
export const LEGACY_VERSIONS: readonly string[] = [
  '2025-11-25',
  '2025-06-18',
  '2025-03-26',
  '2024-11-05',
];

/**
 * The only revision with batches. A request without a version header also has this revision (MCP
 * 2025-06-18, transports).
 */
export const BATCH_VERSION = '2025-03-26';

export const SUPPORTED_VERSIONS: readonly string[] = [...MODERN_VERSIONS, ...LEGACY_VERSIONS];
