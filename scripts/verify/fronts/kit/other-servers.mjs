// Names the page of the further web servers, and holds the parts that they share.
import { execFileSync } from 'node:child_process';
import { addresses } from './page.mjs';

export const page = 'docs/hosting/other-servers.md';

/** A line for a server that does not serve as root. Debian's packages have users for that. */
export const withoutRoot = (line) => (process.getuid?.() === 0 ? `${line}\n` : '');

/** The usual replacements of a sample: replicas and certificate. */
export const usual = ({ replicas, certificate }) => ({
  ...addresses(replicas),
  '/etc/ssl/mcp.example.com.pem': certificate.cert,
  '/etc/ssl/mcp.example.com.key': certificate.key,
});

const idOf = (flag) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));

/** The user of a server that root starts and that refuses to serve as root, otherwise null. */
export const unprivileged = () =>
  process.getuid?.() === 0 ? { name: 'nobody', uid: idOf('-u'), gid: idOf('-g') } : null;
