// Opens the listener of a server.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Rejects where the address is not free. */
export const listenOn = (
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<AddressInfo> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
