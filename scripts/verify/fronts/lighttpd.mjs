// lighttpd with the sample of docs/hosting/other-servers.md.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { page } from './kit/other-servers.mjs';
import { replaced, sample } from './kit/page.mjs';

const binary = (home) => join(home, 'usr/sbin/lighttpd');

export const lighttpd = {
  name: 'lighttpd',
  packages: ['lighttpd', 'lighttpd-mod-openssl'],
  version: (home) => [binary(home), '-v'],
  variants: [
    { name: 'h1', tls: true, http2: false },
    { name: 'h2', tls: true, http2: true, cutReadsAsWhole: true, needsLength: true },
  ],
  async start({ home, folder, port, replicas, certificate }) {
    const text = replaced(sample(page, 'lighttpd'), {
      '"10.0.0.11", "port" => 8080': `"127.0.0.1", "port" => ${replicas[0].port}`,
      '"10.0.0.12", "port" => 8080': `"127.0.0.1", "port" => ${replicas[1].port}`,
      'server.port = 443': `server.port = ${port}\nserver.bind = "127.0.0.1"`,
      '/etc/ssl/mcp.example.com.pem': certificate.cert,
      '/etc/ssl/mcp.example.com.key': certificate.key,
    });
    const file = join(folder, 'lighttpd.conf');
    writeFileSync(file, `${text}\nserver.upload-dirs = ("${folder}")\n`);
    return { command: [binary(home), '-D', '-m', join(home, 'usr/lib/lighttpd'), '-f', file] };
  },
};
