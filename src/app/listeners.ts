// Opens the listeners of a process, first the admin listener.
import type { AddressInfo } from 'node:net';
import type { ResolvedConfig } from '../config/resolved-config.js';
import { listenOn } from '../http/listen-on.js';
import { type AdminDependencies, createAdminServer } from '../http/routes/admin.js';

/** The listeners of a gateway while they are open. */
export interface Listeners {
  /** The address of the public listener. */
  readonly address: AddressInfo;
  readonly adminAddress: AddressInfo;
  /** Closes the admin listener. */
  closeAdmin(): Promise<void>;
}

/** `listen` opens the public listener. Rejects when it cannot listen on an address. */
export async function openListeners(
  config: ResolvedConfig,
  listen: (host: string, port: number) => Promise<AddressInfo>,
  dependencies: AdminDependencies,
): Promise<Listeners> {
  const admin = createAdminServer(dependencies);
  const adminAddress = await listenOn(admin, config.admin.host, config.admin.port);
  const { host, port } = config.listen;
  const address = await listen(host, port).catch((error: unknown) => {
    admin.close();
    throw error;
  });
  return {
    address,
    adminAddress,
    closeAdmin: () =>
      new Promise<void>((resolve) => {
        admin.close(() => resolve());
        admin.closeAllConnections();
      }),
  };
}
