// Proves that the unit of deploy/systemd/ works under a real systemd, with the commands of
// docs/deploy.md: start, a call, reload, a crash, an invalid file, and a stop during an answer.
//
// Usage: `node scripts/verify/systemd.mjs [--cache FOLDER]`, after `npm run build`. It needs root,
// runc, and the packages of Debian. Without them it only reads the unit.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { exitOnSignals } from '../../test/fixtures/child.js';
import { leasePort } from '../../test/fixtures/launch.js';
import { until } from '../../test/fixtures/wait.js';
import { SCOPE, startServers } from './fronts/kit/behind.mjs';
import { emptyFolder, folderOf } from './fronts/kit/machine.mjs';
import { replaced, sample } from './fronts/kit/page.mjs';
import { Skipped } from './idps/parts.mjs';
import { bearer, sendMessage } from './send-message.mjs';
import { root as project } from './steps.mjs';
import { makeRoot, startBox } from './systemd/box.mjs';

const NPM_MS = 300_000;
const START_MS = 120_000;
const MOST_EXPOSED = 2;
const UNIT = join(project, 'deploy/systemd/portcullis.service');
const CONFIG = '/etc/portcullis/portcullis.yaml';
const KEY = '/etc/portcullis/secrets/session-key';
const CREDENTIAL = '/run/credentials/portcullis.service/session-key';
const { values } = parseArgs({ options: { cache: { type: 'string' } } });
const cache = folderOf(
  values.cache ?? process.env.PORTCULLIS_SYSTEMD_CACHE ?? join(tmpdir(), 'portcullis-systemd'),
);
const say = (line) => console.log(line);
const counts = { passed: 0, failed: 0 };
const opened = [];

function report(label, isGood, seen) {
  counts[isGood ? 'passed' : 'failed'] += 1;
  say(`  ${isGood ? 'ok' : 'NOT OK'}  ${label}: ${seen}`);
}

/** A code block of the page, as the user root runs it. */
const commands = (number) => sample('docs/deploy.md', 'systemd', number).replaceAll('sudo ', '');

/** The last lines of the first block: the install, and the link to it. The box has no npm. */
const [install, link] = commands(0).trimEnd().split('\n').slice(-2);

/** Installs the packed package as docs/deploy.md does, and the Node of this process. */
function installInto(root) {
  const folder = emptyFolder(cache, 'packed');
  const options = { cwd: project, stdio: 'pipe', timeout: NPM_MS };
  execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], options);
  // An earlier run may have left them. The checks count the lines of the journal.
  const left = ['opt/portcullis', 'usr/local/bin', 'usr/local/lib/node_modules', 'var/log/journal'];
  for (const name of [...left, 'etc/portcullis', 'etc/systemd/system', 'src'])
    rmSync(join(root, name), { recursive: true, force: true });
  for (const name of ['usr/local/bin', 'etc/systemd/system'])
    mkdirSync(join(root, name), { recursive: true });
  const inRoot = replaced(install, {
    '--prefix /opt/': `--prefix ${root}/opt/`,
    ' ./mcp-': ` ${folder}/mcp-`,
    'npm install': 'npm install --no-audit --no-fund',
  });
  execFileSync('sh', ['-ec', inRoot], options);
  cpSync(process.execPath, join(root, 'usr/bin/node'), { dereference: true });
  cpSync(join(project, 'deploy'), join(root, 'src/deploy'), { recursive: true });
}

function analyze() {
  const text = execFileSync('systemd-analyze', ['security', '--offline=true', UNIT], {
    encoding: 'utf8',
  });
  const [, level] = /exposure level for .*: ([\d.]+)/.exec(text);
  report('systemd-analyze security', Number(level) <= MOST_EXPOSED, `${level} of 10`);
}

async function runChecks(box, { root, servers, ports }) {
  const origin = `http://127.0.0.1:${ports.public}`;
  const url = `${origin}/files/mcp`;
  const file = join(root, CONFIG);
  servers.idp.addResource(url, 'jwt');
  const token = await servers.idp.token({ resource: url, scope: SCOPE });
  const call = (tool = 'answer') =>
    sendMessage(
      url,
      { method: 'tools/call', params: { name: tool } },
      { headers: bearer(token), ms: START_MS },
    );
  const property = async (name) =>
    (await box.run('systemctl', 'show', '--value', '-p', name, 'portcullis')).text;
  const journal = async () =>
    (await box.run('journalctl', '-u', 'portcullis', '-o', 'cat', '--no-pager')).text;
  const isReady = () =>
    fetch(`http://127.0.0.1:${ports.admin}/readyz`, { signal: AbortSignal.timeout(1000) }).then(
      ({ status }) => status === 200,
      () => false,
    );
  const untilReady = (label) => until(label, isReady, START_MS);
  const count = async (event) => (await journal()).split(`"${event}"`).length - 1;

  // An earlier run may have left it.
  await box.run('userdel', 'portcullis');
  const created = await box.run('sh', '-ec', `${link}\ncd /src\n${commands(1)}`);
  report('the commands of docs/deploy.md', created.code === 0, created.text || 'run');
  const shipped = readFileSync(file, 'utf8');
  const lab = replaced(shipped, {
    'publicUrl: https://mcp.example.com': `publicUrl: ${origin}
listen: { host: 127.0.0.1, port: ${ports.public} }
admin: { host: 127.0.0.1, port: ${ports.admin} }`,
    'https://auth.example.com': servers.idp.issuer,
    'http://127.0.0.1:3000/mcp': servers.lab.url,
  });
  writeFileSync(file, lab);
  const verified = await box.run(
    'systemd-analyze',
    'verify',
    '/etc/systemd/system/portcullis.service',
  );
  report(
    'systemd-analyze verify',
    verified.code === 0 && verified.text === '',
    verified.text || 'no remark',
  );
  const started = await box.run('sh', '-ec', commands(2).replace(/^curl.*$/m, ''));
  await untilReady('the gateway is ready');
  const first = await call();
  report(
    'start, and a call',
    started.code === 0 && first.status === 200,
    `${first.status} ${first.text}`,
  );

  const pid = await property('MainPID');
  const { text: status } = await box.run('cat', `/proc/${pid}/status`);
  const fields = Object.fromEntries(status.split('\n').map((line) => line.split(/:\s*/)));
  const { CapEff, CapBnd, NoNewPrivs, Seccomp, Uid } = fields;
  const sandbox = `Uid ${Uid.split('\t')[0]}, CapBnd ${CapBnd}, NoNewPrivs ${NoNewPrivs}, Seccomp ${Seccomp}`;
  const isBare = /^0+$/.test(CapEff) && /^0+$/.test(CapBnd) && !/^0\t/.test(Uid);
  report('sandbox of the process', isBare && NoNewPrivs === '1' && Seccomp === '2', sandbox);
  const written = await box.run(
    'nsenter',
    '-t',
    pid,
    '-m',
    '--',
    'sh',
    '-c',
    'touch /etc/x /usr/x /var/x',
  );
  report('its file system', written.code !== 0, written.text.split('\n').join('; '));

  writeFileSync(file, lab.replace('path: /files/mcp', 'path: /new/mcp'));
  await box.run('systemctl', 'reload', 'portcullis');
  await until('a reload', async () => (await count('config.reloaded')) === 1, START_MS);
  const moved = (await call()).status;
  const isSame = (await property('MainPID')) === pid;
  report('reload', moved === 404 && isSame, `the old path answers ${moved}, the same process`);
  writeFileSync(file, `${lab}nonsense: 1\n`);
  await box.run('systemctl', 'reload', 'portcullis');
  await until(
    'a rejected reload',
    async () => (await count('config.reload_failed')) === 1,
    START_MS,
  );
  report('reload of an invalid file', (await property('MainPID')) === pid, 'nothing changes');

  writeFileSync(file, lab);
  await box.run('kill', '-KILL', pid);
  await until('a new process', async () => (await property('NRestarts')) === '1', START_MS);
  await untilReady('the gateway is ready again');
  report('a crash', (await call()).status === 200, 'a new process serves');

  const running = call('ticks');
  await sleep(300);
  const startedAt = performance.now();
  const stopped = await box.run('systemctl', 'stop', 'portcullis');
  const { text } = await running;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const result = await property('Result');
  const isWhole = text.includes('done') && stopped.code === 0 && result === 'success';
  report('stop during an answer', isWhole, `whole, ${result} after ${seconds} s`);

  writeFileSync(file, `${lab}nonsense: 1\n`);
  await box.run('systemctl', 'start', 'portcullis');
  const isFailed = async () => (await property('ActiveState')) === 'failed';
  await until('systemd gives up', isFailed, START_MS);
  const starts = await property('NRestarts');
  report('start with an invalid file', Number(starts) <= 5, `failed after ${starts} restarts`);

  const dropIn = join(root, 'etc/systemd/system/portcullis.service.d');
  mkdirSync(dropIn, { recursive: true });
  writeFileSync(join(dropIn, 'x.conf'), `[Service]\nLoadCredential=session-key:${KEY}\n`);
  writeFileSync(file, replaced(lab, { [KEY]: CREDENTIAL }));
  await box.run('systemctl', 'daemon-reload');
  await box.run('systemctl', 'reset-failed', 'portcullis');
  await box.run('systemctl', 'start', 'portcullis');
  await untilReady('the gateway is ready with a credential');
  report('a secret from LoadCredential', (await call()).status === 200, 'serves');
  await box.run('systemctl', 'stop', 'portcullis');
}

exitOnSignals();
let outcome = 'passed';
try {
  analyze();
  const root = await makeRoot(cache);
  installInto(root);
  const folder = emptyFolder(cache, 'run');
  const servers = await startServers(folder);
  opened.push(servers.stop);
  const leases = [await leasePort(), await leasePort()];
  for (const { release } of leases) opened.push(release);
  const ports = { public: leases[0].port, admin: leases[1].port };
  const box = await startBox(root, folder);
  opened.push(box.stop);
  try {
    await runChecks(box, { root, servers, ports });
  } finally {
    const { text } = await box.run('journalctl', '-u', 'portcullis', '--no-pager');
    writeFileSync(join(folder, 'journal.log'), text);
  }
} catch (error) {
  if (error instanceof Skipped) outcome = `skipped: ${error.message}`;
  else report('the run', false, error.stack);
} finally {
  for (const end of opened.reverse()) await end();
}
say(`the unit of systemd: ${counts.passed} passed, ${counts.failed} failed, run ${outcome}`);
process.exit(counts.failed === 0 ? 0 : 1);
