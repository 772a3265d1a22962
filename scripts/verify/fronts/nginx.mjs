// nginx with the sample of docs/hosting.md. The sample is a part of the `http` block.
import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { addresses, replaced, sample } from './kit/page.mjs';

const binary = (home) => join(home, 'usr/sbin/nginx');
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** The lines around the sample: those of Debian, without the daemon and with our folders. */
const frame = (folder, text) => `
daemon off;
user ${userInfo().username};
pid ${folder}/nginx.pid;
error_log stderr warn;
worker_processes auto;
events { worker_connections 768; }
http {
  access_log off;
${TEMPORARY.map((name) => `  ${name}_temp_path ${folder}/${name};`).join('\n')}
${text}
}
`;

export const nginx = {
  name: 'nginx',
  packages: ['nginx'],
  version: (home) => [binary(home), '-v'],
  variants: [
    { name: 'h1', tls: true, http2: false },
    { name: 'h2', tls: true, http2: true },
  ],
  async start({ home, folder, port, replicas, certificate }) {
    const text = replaced(sample('docs/hosting.md', 'nginx'), {
      ...addresses(replicas),
      'listen 443 ': `listen 127.0.0.1:${port} `,
      'mcp.example.com;': '127.0.0.1;',
      '/etc/ssl/mcp.example.com.pem': certificate.cert,
      '/etc/ssl/mcp.example.com.key': certificate.key,
    });
    const file = join(folder, 'nginx.conf');
    writeFileSync(file, frame(folder, text));
    return { command: [binary(home), '-p', folder, '-c', file, '-e', 'stderr'] };
  },
};
