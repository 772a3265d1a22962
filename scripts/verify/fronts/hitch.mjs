// hitch alone, with the sample of docs/hosting/other-servers.md. It terminates TLS and reads no
// HTTP. It has one backend, so no replica restarts behind it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { page, withoutRoot } from './kit/other-servers.mjs';
import { replaced, sample } from './kit/page.mjs';

const binary = (home) => join(home, 'usr/sbin/hitch');

export const hitch = {
  name: 'hitch',
  onlyIfNamed: true,
  packages: ['hitch'],
  version: (home) => [binary(home), '--version'],
  variants: [{ name: 'h1', tls: true, http2: false, oneBackend: true }],
  async start({ home, folder, port, replicas, certificate }) {
    const text = replaced(sample(page, 'hitch'), {
      '"[*]:443"': `"[127.0.0.1]:${port}"`,
      '[10.0.0.11]:8080': `[127.0.0.1]:${replicas[0].port}`,
      '/etc/ssl/mcp.example.com.both.pem': certificate.both,
    });
    const file = join(folder, 'hitch.conf');
    writeFileSync(file, `${text}\n${withoutRoot('user = "nobody"')}`);
    return { command: [binary(home), `--config=${file}`] };
  },
};
