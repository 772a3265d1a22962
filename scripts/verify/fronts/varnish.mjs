// Varnish behind hitch, with the samples of docs/hosting/other-servers.md.
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { leasePort } from '../../../test/fixtures/launch.js';
import { page, withoutRoot } from './kit/other-servers.mjs';
import { replaced, sample } from './kit/page.mjs';

const SECTION = 'Varnish';
const library = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch];

/** True once a port takes connections. Varnish expects the PROXY protocol, so no HTTP here. */
const isOpen = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });

/** The options of the page, with our paths. Debian's work folder needs rights that a test lacks. */
function varnishCommand(home, { folder, port, vcl }) {
  const text = replaced(sample(page, SECTION, 1), {
    '/etc/varnish/mcp.vcl': vcl,
    '127.0.0.1:6086': `127.0.0.1:${port}`,
  });
  const [, ...options] = text.replaceAll('\\\n', ' ').trim().split(/\s+/);
  const vmods = `vmod_path=${join(home, 'usr/lib', library, 'varnish/vmods')}`;
  const jail = ['-j', 'none', '-n', join(folder, 'work'), '-p', vmods];
  return [join(home, 'usr/sbin/varnishd'), ...options, ...jail];
}

export const varnish = {
  name: 'varnish',
  packages: ['varnish', 'hitch'],
  version: (home) => [join(home, 'usr/sbin/varnishd'), '-V'],
  variants: [
    { name: 'h1', tls: true, http2: false },
    { name: 'h2', tls: true, http2: true, cutReadsAsWhole: true },
  ],
  async start({ home, folder, port, replicas, certificate }) {
    const { port: inner } = await leasePort();
    const vcl = join(folder, 'mcp.vcl');
    const backend = (ip) => `.host = "${ip}";\n  .port = "8080";`;
    const here = ({ port: at }) => `.host = "127.0.0.1";\n  .port = "${at}";`;
    writeFileSync(
      vcl,
      replaced(sample(page, SECTION), {
        [backend('10.0.0.11')]: here(replicas[0]),
        [backend('10.0.0.12')]: here(replicas[1]),
      }),
    );
    const hitch = join(folder, 'hitch.conf');
    const text = replaced(sample(page, SECTION, 2), {
      '"[*]:443"': `"[127.0.0.1]:${port}"`,
      '[127.0.0.1]:6086': `[127.0.0.1]:${inner}`,
      '/etc/ssl/mcp.example.com.both.pem': certificate.both,
    });
    writeFileSync(hitch, `${text}\n${withoutRoot('user = "nobody"')}`);
    return [
      {
        command: varnishCommand(home, { folder, port: inner, vcl }),
        isReady: () => isOpen(inner),
      },
      { command: [join(home, 'usr/sbin/hitch'), `--config=${hitch}`] },
    ];
  },
};
