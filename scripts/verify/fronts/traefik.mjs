// Traefik with the two samples of docs/hosting.md: the file of the start, and the file of routes.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildTraefik } from './kit/go-server.mjs';
import { addresses, replaced, sample } from './kit/page.mjs';

const binary = (home) => join(home, 'traefik');

export const traefik = {
  name: 'traefik',
  build: buildTraefik,
  onlyIfNamed: true,
  version: (home) => [binary(home), 'version'],
  variants: [
    { name: 'h1', tls: true, http2: false },
    { name: 'h2', tls: true, http2: true },
  ],
  async start({ home, folder, port, replicas, certificate }) {
    const files = { start: join(folder, 'traefik.yaml'), routes: join(folder, 'portcullis.yaml') };
    const start = replaced(sample('docs/hosting.md', 'Traefik'), {
      '":443"': `"127.0.0.1:${port}"`,
      '/etc/traefik/portcullis.yaml': files.routes,
    });
    const routes = replaced(sample('docs/hosting.md', 'Traefik', 1), {
      ...addresses(replicas),
      'mcp.example.com`': '127.0.0.1`',
      '/etc/ssl/mcp.example.com.pem': certificate.cert,
      '/etc/ssl/mcp.example.com.key': certificate.key,
    });
    writeFileSync(files.start, start);
    writeFileSync(files.routes, routes);
    return { command: [binary(home), `--configFile=${files.start}`] };
  },
};
