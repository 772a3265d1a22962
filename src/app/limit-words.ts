// Words for the limits of calls and for their store, on the page of the admin listener.
import type { ResolvedConfig } from '../config/resolved-config.js';
import { type EndpointLimits, type Rate, WHILE_STORE_IS_AWAY } from '../core/limits.js';
import type { StoreStatus } from '../core/status.js';
import type { GatewayState } from '../observe/gateway-state.js';

const calls = ({ burst, windowSeconds }: Rate): string => `${burst} calls in ${windowSeconds} s`;

/** Each limit of an endpoint, such as `20 calls in 10 s for each principal`. */
export function limitWords(limits: EndpointLimits | null): string[] {
  if (limits === null) return [];
  const { perPrincipal, perClient, perEndpoint, perTool } = limits;
  const one = (rate: Rate | null, whose: string): string[] =>
    rate === null ? [] : [`${calls(rate)} ${whose}`];
  return [
    ...one(perPrincipal, 'for each principal'),
    ...one(perClient, 'for each client'),
    ...one(perEndpoint, 'for all callers together'),
    ...[...perTool].map(([tool, rate]) => `${calls(rate)} of ${tool} for each principal`),
  ];
}

/** The store of limits, and the destination of the audit, where they are configured. */
export function storeStatuses(
  { limits, audit }: GatewayState,
  config: ResolvedConfig,
): StoreStatus[] {
  const up = limits().storeIsUp;
  const records = audit?.() ?? null;
  const numbers = (written: number, lost: number): string =>
    `${written} records written, ${lost} lost`;
  return [
    ...(up === null
      ? []
      : [
          {
            name: 'Store of limits',
            up,
            detail: up ? null : `${WHILE_STORE_IS_AWAY[config.limits.onStoreDown]}.`,
          },
        ]),
    ...(records === null
      ? []
      : [{ name: 'Audit', up: records.isUp, detail: numbers(records.written, records.lost) }]),
  ];
}
