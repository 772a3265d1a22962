// Squid as an accelerator, with the sample of docs/hosting/other-servers.md.
import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { page, unprivileged, usual } from './kit/other-servers.mjs';
import { replaced, sample } from './kit/page.mjs';

const binary = (home) => join(home, 'usr/sbin/squid');

/** Lines that Debian's package sets, with our folders. */
const frame = (home, folder) => `
pid_filename none
cache_log ${folder}/cache.log
access_log none
coredump_dir ${folder}
visible_hostname squid.test
mime_table ${home}/usr/share/squid/mime.conf
icon_directory ${home}/usr/share/squid/icons
error_directory ${home}/usr/share/squid-langpack/templates
pinger_enable off
shutdown_lifetime 1 second
`;

export const squid = {
  name: 'squid',
  onlyIfNamed: true,
  packages: ['squid-openssl', 'squid-common', 'squid-langpack'],
  version: (home) => [binary(home), '-v'],
  variants: [{ name: 'h1', tls: true, http2: false }],
  async start({ home, folder, port, replicas, certificate }) {
    const parent = ({ port: at }) => `127.0.0.1 parent ${at}`;
    const {
      '10.0.0.11:8080': _one,
      '10.0.0.12:8080': _two,
      ...files
    } = usual({
      replicas,
      certificate,
    });
    const text = replaced(sample(page, 'Squid'), {
      ...files,
      '10.0.0.11 parent 8080': parent(replicas[0]),
      '10.0.0.12 parent 8080': parent(replicas[1]),
      'https_port 443 accel defaultsite=mcp.example.com': `https_port 127.0.0.1:${port} accel defaultsite=127.0.0.1`,
    });
    const file = join(folder, 'squid.conf');
    const user = unprivileged();
    if (user !== null) chownSync(folder, user.uid, user.gid);
    const runAs = user === null ? '' : `cache_effective_user ${user.name}\n`;
    writeFileSync(file, `${text}${frame(home, folder)}${runAs}`);
    return { command: [binary(home), '-N', '-n', `fronts${port}`, '-f', file] };
  },
};
