// Caddy with the sample of docs/hosting.md. The global options before it are those of a test.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addresses, replaced, sample } from './kit/page.mjs';

const binary = (home) => join(home, 'usr/bin/caddy');

const OPTIONS = `{
  admin off
  auto_https disable_redirects
  servers {
    protocols h1 h2
  }
}
`;

export const caddy = {
  name: 'caddy',
  packages: ['caddy'],
  leaveOut: /^libnss3/,
  version: (home) => [binary(home), 'version'],
  variants: [
    { name: 'h1', tls: true, http2: false, cutReadsAsWhole: true },
    { name: 'h2', tls: true, http2: true, cutReadsAsWhole: true },
  ],
  async start({ home, folder, port, replicas, certificate }) {
    const file = join(folder, 'Caddyfile');
    const text = replaced(sample('docs/hosting.md', 'Caddy'), {
      ...addresses(replicas),
      'mcp.example.com {': `https://127.0.0.1:${port} {
  bind 127.0.0.1
  tls ${certificate.cert} ${certificate.key}`,
    });
    writeFileSync(file, `${OPTIONS}${text}`);
    return {
      command: [binary(home), 'run', '--config', file, '--adapter', 'caddyfile'],
      env: { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    };
  },
};
