// The URL of a listener of this process.

/** The result of `server.address()` for a TCP listener. */
export interface ListenerAddress {
  readonly address: string;
  readonly family: string;
  readonly port: number;
}

export const urlOf = ({ address, family, port }: ListenerAddress): string =>
  `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
