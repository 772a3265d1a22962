// Opens the listeners of a process, first the admin listener.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ResolvedConfig } from '../config/resolved-config.js';
import { type AdminDependencies, createAdminServer } from '../http/routes/admin.js';

/** The listeners of a gateway while they are open. */
export interface Listeners {
  /** The address of the public listener. */
  readonly address: AddressInfo;
  readonly adminAddress: AddressInfo;
  /** Closes the admin listener. */
  closeAdmin(): Promise<void>;
}

/** Rejects where the address is not free. */
const listenOn = (server: Server, { host, port }: ResolvedConfig['admin']): Promise<AddressInfo> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });

/** `listen` opens the public listener. Rejects when it cannot listen on an address. */
export async function openListeners(
  config: ResolvedConfig,
  listen: (host: string, port: number) => Promise<AddressInfo>,
  dependencies: AdminDependencies,
): Promise<Listeners> {
  const admin = createAdminServer(dependencies);
  const adminAddress = await listenOn(admin, config.admin);
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
