// Decides which revisions of MCP pass: an exact list, never a comparison, because `9999` or `zzzz` would count as modern (B-34).

/** Stateless, POST only, version and method mirrored in headers. */
export const MODERN_VERSIONS: readonly string[] = ['2026-07-28'];

/** Handshake, sessions, GET streams. */
export const LEGACY_VERSIONS: readonly string[] = ['2025-11-25', '2025-06-18', '2025-03-26'];

/** The one legacy revision with batches; also what an absent version header stands for (MCP 2025-06-18, transports). */
export const BATCH_VERSION = '2025-03-26';

export const SUPPORTED_VERSIONS: readonly string[] = [...MODERN_VERSIONS, ...LEGACY_VERSIONS];
