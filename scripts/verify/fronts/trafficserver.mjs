// Apache Traffic Server with the samples of docs/hosting/other-servers.md.
import { chownSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { page, unprivileged, usual } from './kit/other-servers.mjs';
import { replaced, sample } from './kit/page.mjs';

const SECTION = 'Apache Traffic Server';
const binary = (home) => join(home, 'usr/bin/traffic_server');
const LIBRARIES = ['usr/lib/trafficserver', 'usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu'];
const libraries = (home) => LIBRARIES.map((name) => join(home, name)).join(':');
const OWN = ['log', 'run', 'cache', 'state'];

/** The folders of the server, without those of Debian. JSON is YAML. */
const places = (home, folder) =>
  JSON.stringify({
    prefix: join(home, 'usr'),
    exec_prefix: join(home, 'usr'),
    bindir: join(home, 'usr/bin'),
    sbindir: join(home, 'usr/bin'),
    sysconfdir: join(folder, 'etc'),
    datadir: join(home, 'usr/share/trafficserver'),
    libdir: join(home, 'usr/lib/trafficserver'),
    libexecdir: join(home, 'usr/lib/trafficserver/modules'),
    localstatedir: join(folder, 'state'),
    runtimedir: join(folder, 'run'),
    logdir: join(folder, 'log'),
    cachedir: join(folder, 'cache'),
  });

export const trafficserver = {
  name: 'trafficserver',
  onlyIfNamed: true,
  packages: ['trafficserver', 'libpcre3'],
  version: (home) => ['env', `LD_LIBRARY_PATH=${libraries(home)}`, binary(home), '-V'],
  variants: [
    { name: 'h1', tls: true, http2: false },
    { name: 'h2', tls: true, http2: true, cutReadsAsWhole: true },
  ],
  async start({ home, folder, port, replicas, certificate }) {
    const etc = join(folder, 'etc');
    cpSync(join(home, 'etc/trafficserver'), etc, { recursive: true });
    // The server reads the key after it has given up the rights of root.
    const key = join(folder, 'key.pem');
    cpSync(certificate.key, key);
    const all = usual({ replicas, certificate: { ...certificate, key } });
    const { '10.0.0.11:8080': one, '10.0.0.12:8080': two, ...files } = all;
    const settings = replaced(sample(page, SECTION), {
      'server_ports STRING 443:ssl': `server_ports STRING ${port}:ip-in=127.0.0.1:ssl`,
    });
    const user = unprivileged();
    const body = `CONFIG proxy.config.body_factory.template_sets_dir STRING ${etc}/body_factory`;
    const runAs = `CONFIG proxy.config.admin.user_id STRING ${user?.name ?? '#-1'}`;
    writeFileSync(join(etc, 'records.config'), `${settings}${body}\n${runAs}\n`);
    const parents = { '10.0.0.11:8080': one, '10.0.0.12:8080': two };
    const rest = {
      'remap.config': sample(page, SECTION, 1),
      'parent.config': replaced(sample(page, SECTION, 2), parents),
      'ssl_multicert.config': replaced(sample(page, SECTION, 3), files),
      'storage.config': '',
    };
    for (const [name, text] of Object.entries(rest)) writeFileSync(join(etc, name), text);
    if (user !== null) chownSync(key, user.uid, user.gid);
    const root = join(folder, 'runroot.yaml');
    writeFileSync(root, places(home, folder));
    for (const name of OWN) {
      mkdirSync(join(folder, name));
      if (user !== null) chownSync(join(folder, name), user.uid, user.gid);
    }
    const env = { LD_LIBRARY_PATH: libraries(home) };
    return { command: [binary(home), `--run-root=${root}`], env };
  },
};
