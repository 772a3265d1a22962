// Apache with the sample of docs/hosting.md, which is one virtual host.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addresses, replaced, sample } from './kit/page.mjs';

const binary = (home) => join(home, 'usr/sbin/apache2');

/** The modules that Debian loads, and those that the page enables. */
const MODULES = [
  'mpm_event',
  'authz_core',
  'reqtimeout',
  'mime',
  'socache_shmcb',
  'ssl',
  'http2',
  'proxy',
  'proxy_http',
  'proxy_balancer',
  'proxy_hcheck',
  'lbmethod_byrequests',
  'slotmem_shm',
];

const isRoot = process.getuid?.() === 0;

const frame = ({ home, folder, port }, text) => `
ServerRoot ${folder}
ServerName 127.0.0.1
DefaultRuntimeDir ${folder}
PidFile ${folder}/apache.pid
ErrorLog ${folder}/error.log
Listen 127.0.0.1:${port}
${isRoot ? 'User nobody\nGroup nogroup' : ''}
${MODULES.map((name) => `LoadModule ${name}_module ${home}/usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
TypesConfig /dev/null
RequestReadTimeout header=20-40,minrate=500 body=10,minrate=500
${text}
`;

export const apache = {
  name: 'apache',
  packages: ['apache2-bin'],
  version: (home) => [binary(home), '-v'],
  variants: [
    { name: 'h1', tls: true, http2: false },
    { name: 'h2', tls: true, http2: true },
  ],
  async start({ home, folder, port, replicas, certificate }) {
    const text = replaced(sample('docs/hosting.md', 'Apache'), {
      ...addresses(replicas),
      '*:443>': `127.0.0.1:${port}>`,
      'ServerName mcp.example.com': 'ServerName 127.0.0.1',
      '/etc/ssl/mcp.example.com.pem': certificate.cert,
      '/etc/ssl/mcp.example.com.key': certificate.key,
    });
    const file = join(folder, 'apache.conf');
    writeFileSync(file, frame({ home, folder, port }, text));
    return { command: [binary(home), '-DFOREGROUND', '-f', file] };
  },
};
