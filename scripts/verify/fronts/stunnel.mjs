// stunnel with the sample of docs/hosting/other-servers.md. It terminates TLS and reads no HTTP.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { page, usual } from './kit/other-servers.mjs';
import { replaced, sample } from './kit/page.mjs';

const binary = (home) => join(home, 'usr/bin/stunnel4');

export const stunnel = {
  name: 'stunnel',
  onlyIfNamed: true,
  packages: ['stunnel4'],
  version: (home) => ['sh', '-c', `${binary(home)} -version 2>&1 | grep '^stunnel'`],
  variants: [{ name: 'h1', tls: true, http2: false }],
  async start({ home, folder, port, replicas, certificate }) {
    const text = replaced(sample(page, 'stunnel'), {
      ...usual({ replicas, certificate }),
      'accept = 443': `accept = 127.0.0.1:${port}`,
    });
    const file = join(folder, 'stunnel.conf');
    writeFileSync(file, `foreground = yes\npid =\n${text}`);
    return { command: [binary(home), file] };
  },
};
