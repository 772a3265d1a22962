// Reads the host name of a Host header, and finds what belongs to it. A Host only selects among
// configured hosts: no URL and no document takes its text.

/** Without the port and in lower case: `Files.Example.com:8443` is `files.example.com`. */
export function hostNameOf(host: string): string {
  // The colons of an IPv6 address are between brackets.
  const colon = host.endsWith(']') ? -1 : host.lastIndexOf(':');
  return (colon < 0 ? host : host.slice(0, colon)).toLowerCase();
}

/** `byHost`: by host name. A Host that is such a name exactly costs one look into the map. */
export const findByHost = <T>(byHost: ReadonlyMap<string, T>, host: string): T | undefined =>
  byHost.get(host) ?? byHost.get(hostNameOf(host));
