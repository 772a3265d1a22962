// h2o with the sample of docs/hosting/other-servers.md.
import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { page, usual } from './kit/other-servers.mjs';
import { replaced, sample } from './kit/page.mjs';

const binary = (home) => join(home, 'usr/bin/h2o');

export const h2o = {
  name: 'h2o',
  packages: ['h2o'],
  version: (home) => [binary(home), '--version'],
  variants: [
    { name: 'h1', tls: true, http2: false, cutReadsAsWhole: true },
    { name: 'h2', tls: true, http2: true, cutReadsAsWhole: true },
  ],
  async start({ home, folder, port, replicas, certificate }) {
    const text = replaced(sample(page, 'h2o'), {
      ...usual({ replicas, certificate }),
      'mcp.example.com': `127.0.0.1:${port}`,
      'port: 443': `host: 127.0.0.1\n      port: ${port}`,
    });
    const file = join(folder, 'h2o.conf');
    writeFileSync(file, `user: ${userInfo().username}\n${text}`);
    const env = { H2O_ROOT: join(home, 'usr') };
    return { command: [binary(home), '-c', file], env };
  },
};
