// The lines of the log about the start and the end of a gateway.
import { registryNotices } from '../config/key-notices.js';
import type { ResolvedConfig } from '../config/resolved-config.js';
import { startNotices } from '../config/start-notices.js';
import type { ApiKey } from '../core/api-key.js';
import type { Notify } from '../core/notice.js';
import { endpointFields } from './endpoint-changes.js';
import type { Listeners } from './listeners.js';

const KEY_DRAWN =
  'sessionKeys is not configured: sessions of older revisions end with this process, and no ' +
  'other replica can open them. Write sessionKeys; create keys with: openssl rand -base64 32';

export interface Started extends Pick<Listeners, 'address' | 'adminAddress'> {
  readonly config: ResolvedConfig;
  readonly apiKeys: readonly ApiKey[];
  /** The hash of the configuration. */
  readonly hash: string;
}

/** After the listeners are open. */
export function reportStart(
  { config, apiKeys, hash, address, adminAddress }: Started,
  notify: Notify,
  nowMs: number,
): void {
  notify({
    event: 'gateway.listening',
    level: 'info',
    address,
    admin: adminAddress,
    ...endpointFields(config),
    configHash: hash,
  });
  const ofRegistry = registryNotices(config, apiKeys, nowMs);
  for (const notice of [...startNotices(config), ...ofRegistry]) notify(notice);
  if (config.sessionKeys.length === 0)
    notify({ event: 'session.key_drawn', level: 'warn', detail: KEY_DRAWN });
}

export const reportStopping = (notify: Notify, drainMs: number, delayMs: number): void =>
  notify({
    event: 'gateway.stopping',
    level: 'info',
    delaySeconds: delayMs / 1000,
    drainSeconds: drainMs / 1000,
  });

/** The last line. `cut`: exchanges that the drain cut. */
export const reportStopped = (notify: Notify, cut: number): void =>
  notify({ event: 'gateway.stopped', level: 'info', cut });
