// Opens a listener.
import type { AddressInfo, Server } from 'node:net';

/** Resolves to the address of the server. Rejects where it cannot listen there. */
export const listenOn = (server: Server, host: string, port: number): Promise<AddressInfo> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve(server.address() as AddressInfo);
    });
  });
