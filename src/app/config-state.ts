// Tells which configuration a process runs with: a number that counts them, and a hash by which
// replicas compare theirs.
import type { ResolvedConfig } from '../config/resolved-config.js';
import type { ConfigState } from '../observe/gateway-state.js';
import { fingerprintOf } from './keep.js';

/** 48 bits, so that a metric can have it as a number. */
const HEX_DIGITS = 12;

/**
 * Equal for equal configurations, whatever their listeners: replicas on one host have other ports.
 * It covers secrets only beside session keys, which are random. Otherwise a reader of the metrics
 * could try out short secrets.
 */
export function configHash(config: ResolvedConfig): string {
  const { listen: _, admin: __, ...shared } = config;
  const hash = fingerprintOf(shared, { withSecrets: config.sessionKeys.length > 0 });
  return Buffer.from(hash, 'base64').toString('hex').slice(0, HEX_DIGITS);
}

/** The state after the start, or after a reload. */
export const configState = (config: ResolvedConfig, before?: ConfigState): ConfigState => ({
  generation: (before?.generation ?? 0) + 1,
  hash: configHash(config),
});
