// Checks that the two listeners have addresses of their own, and that no upstream is the gateway
// itself.
import { isLoopbackHost } from '../core/loopback.js';
import { resourcesOf } from './endpoint-places.js';
import type { Check, PartialConfig } from './partial-config.js';
import type { Problem } from './problems.js';

/** Whether two addresses share connections, so that both cannot have the same port. */
function overlap(some: string, other: string): boolean {
  const pair = [some, other];
  if (some === other || pair.includes('::')) return true;
  if (pair.includes('0.0.0.0')) return !pair.some((host) => host.includes(':'));
  return pair.includes('localhost') && (pair.includes('127.0.0.1') || pair.includes('::1'));
}

const listenersDiffer: Check = ({ root: { listen, admin } }) => {
  if (listen?.port === undefined || listen.port === 0 || listen.port !== admin?.port) return [];
  if (listen.host === undefined || admin.host === undefined || !overlap(listen.host, admin.host))
    return [];
  const free = listen.port === 9090 ? 9091 : 9090;
  const message =
    `listen has the same port ${listen.port}; ` +
    `give each listener its own port, such as ${free}`;
  return [{ path: ['admin', 'port'], message }];
};

/** As a destination these addresses mean this machine. */
const UNSPECIFIED = ['0.0.0.0', '::'];

/** Whether a URL leads to the public listener, by any name for this machine. */
function isListener(
  listen: PartialConfig['root']['listen'],
  { protocol, hostname, port }: URL,
): boolean {
  const portOfUrl = Number(port || (protocol === 'https:' ? 443 : 80));
  if (listen?.host === undefined || portOfUrl !== listen.port) return false;
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  if (listen.host === host) return true;
  return (isLoopbackHost(hostname) || UNSPECIFIED.includes(host)) && overlap(listen.host, host);
}

/** Finds a loop before the first call (C-134, upstream is gateway). */
const upstreamIsElsewhere: Check = ({ root: { publicUrl, listen }, endpoints }) => {
  const resources = [...endpoints.values()].flatMap((one) => resourcesOf(one, publicUrl));
  return [...endpoints].flatMap(([i, { upstream }]): Problem[] => {
    if (upstream?.url === undefined) return [];
    const path = ['endpoints', i, 'upstream'];
    const url = new URL(upstream.url);
    if (isListener(listen, url)) {
      const message =
        'the gateway itself listens at this address; ' +
        'write the address of the MCP server, or change listen';
      return [{ path, message }];
    }
    if (!resources.includes(url.origin + url.pathname)) return [];
    const message =
      'clients reach the gateway itself at this URL; write the address of the MCP server';
    return [{ path, message }];
  });
};

export const listenerChecks: readonly Check[] = [listenersDiffer, upstreamIsElsewhere];
