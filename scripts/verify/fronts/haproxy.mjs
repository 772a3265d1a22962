// HAProxy with the sample of docs/hosting.md, which is a whole file.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addresses, replaced, sample } from './kit/page.mjs';

const binary = (home) => join(home, 'usr/sbin/haproxy');

export const haproxy = {
  name: 'haproxy',
  packages: ['haproxy'],
  version: (home) => [binary(home), '-v'],
  variants: [
    { name: 'h1', tls: true, http2: false },
    { name: 'h2', tls: true, http2: true, cutReadsAsWhole: true },
  ],
  async start({ home, folder, port, replicas, certificate }) {
    const file = join(folder, 'haproxy.cfg');
    const text = replaced(sample('docs/hosting.md', 'HAProxy'), {
      ...addresses(replicas),
      'bind :443 ': `bind 127.0.0.1:${port} `,
      '/etc/ssl/mcp.example.com.both.pem': certificate.both,
    });
    writeFileSync(file, text);
    return { command: [binary(home), '-W', '-db', '-f', file] };
  },
};
