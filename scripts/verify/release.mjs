// Runs everything of .github/workflows/release.yml that can run outside GitHub: the lint of the
// workflows, and the scripts of its jobs in a clone. Programs that publish are stand-ins. The image
// is left out, because it needs Docker.
//
// Usage: `node scripts/verify/release.mjs`. It needs bash, git, Go, Python and apt-get. The clone
// has only committed files.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitOnSignals } from '../../test/fixtures/child.js';
import { createChecks } from './checks.mjs';
import { jobsOf, runJob, standIns } from './release/jobs.mjs';
import { actionlint, shellcheck, validate, validators } from './release/tools.mjs';
import { root, scratch as scratches } from './steps.mjs';

const COMMAND_MS = 120_000;
const PUBLISHING = ['publish-npm', 'publish-image', 'publish-chart', 'release'];

exitOnSignals();
const home = join(scratches, 'release');
mkdirSync(home, { recursive: true });
// Outside the repository: npm installs into the nearest folder above that has a package.json.
const scratch = mkdtempSync(join(tmpdir(), 'portcullis-release-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 }));

function expect(condition, problem) {
  if (!condition) throw new Error(problem);
}

const execute = (program, args, cwd) =>
  execFileSync(program, args, { cwd, encoding: 'utf8', timeout: COMMAND_MS, stdio: 'pipe' });

function emptyFolder(...names) {
  const folder = join(scratch, ...names);
  mkdirSync(folder, { recursive: true });
  return folder;
}

function copyAll(from, to) {
  for (const name of readdirSync(from)) copyFileSync(join(from, name), join(to, name));
}

/** The folder with Helm, which the check of the chart builds too. */
async function helmFolder() {
  const folder = join(scratches, 'chart', 'bin');
  const { programs } = await import('./chart/tools.mjs');
  programs(folder, console.log);
  return folder;
}

const clone = join(scratch, 'clone');
execute('git', ['clone', '--quiet', root, clone], scratch);
const { version } = JSON.parse(readFileSync(join(clone, 'package.json'), 'utf8'));
const jobs = jobsOf(clone);
const settings = { cwd: clone, version, scratch };
const files = emptyFolder('work', 'files');
const work = join(scratch, 'work');
const { check, finish } = createChecks(`the release of ${version}`);

await check('actionlint and shellcheck find nothing in the workflows', async () => {
  const program = await actionlint(home);
  execute(program, ['-shellcheck', await shellcheck(home), '-pyflakes='], clone);
});

await check('the job "version" passes with the tag, and writes the notes', async () => {
  const outputs = await runJob(jobs.version, settings);
  expect(outputs === `version=${version}\n`, `outputs: ${outputs}`);
  copyFileSync(join(clone, 'notes.md'), join(work, 'notes.md'));
});

await check('the check of versions fails with another tag, chart or package', () => {
  const run = (...args) =>
    spawnSync(process.execPath, ['scripts/release/check-version.mjs', ...args], {
      cwd: clone,
      encoding: 'utf8',
      timeout: COMMAND_MS,
    });
  expect(run('v99.0.0').status === 1, 'it passes with the tag v99.0.0');
  expect(run(version).status === 1, 'it passes with a tag without v');
  const wrong = ['package.json', 'deploy/helm/portcullis/Chart.yaml', 'CHANGELOG.md'];
  for (const name of wrong.map((one) => join(clone, one)).filter((one) => existsSync(one))) {
    const text = readFileSync(name, 'utf8');
    writeFileSync(name, text.replace(version, '99.0.0'));
    const { status, stderr } = run(`v${version}`);
    writeFileSync(name, text);
    expect(status === 1 && stderr.includes('99.0.0'), `it passes with 99.0.0 in ${name}`);
  }
});

await check('the job "package" packs the package and its SBOMs once', async () => {
  await runJob(jobs.package, settings);
  copyAll(join(clone, 'out'), files);
  const expected = ['cdx.json', 'spdx.json', 'tgz'].map(
    (end) => `mcp-portcullis-${version}.${end}`,
  );
  expect(readdirSync(files).sort().join() === expected.join(), readdirSync(files).join());
});

await check('the SBOMs are valid CycloneDX and SPDX', async () => {
  const python = await validators(home);
  const names = readdirSync(files).filter((name) => name.endsWith('.json'));
  expect(names.length === 2, `SBOMs: ${names}`);
  for (const name of names) validate(python, join(files, name));
  // The validator itself finds a fault.
  const broken = join(scratch, 'broken.cdx.json');
  const text = readFileSync(join(files, names[0]), 'utf8');
  writeFileSync(broken, text.replace('"application"', '"an application"'));
  const accepts = (file) => {
    try {
      validate(python, file);
      return true;
    } catch {
      return false;
    }
  };
  expect(!accepts(broken), 'the validator accepts an SBOM with a fault');
});

await check('the job "installed" installs the packed file and runs the demo', () =>
  runJob(jobs.installed, { ...settings, cwd: work }),
);

if (existsSync(join(clone, 'deploy/helm/portcullis/Chart.yaml')))
  await check('the job "chart" packs the chart', async () => {
    rmSync(join(clone, 'out'), { recursive: true });
    await runJob(jobs.chart, { ...settings, path: [await helmFolder()] });
    copyAll(join(clone, 'out'), files);
    expect(existsSync(join(files, `portcullis-${version}.tgz`)), 'the chart is missing');
  });

await check('the job "files" writes checksums that hold, and notices a changed file', async () => {
  copyAll(files, emptyFolder('clone', 'files'));
  await runJob(jobs.files, settings);
  copyFileSync(join(clone, 'files', 'SHA256SUMS'), join(files, 'SHA256SUMS'));
  const verify = () => execute('sha256sum', ['--check', 'SHA256SUMS'], join(clone, 'files'));
  const lines = verify().trim().split('\n');
  expect(lines.length === readdirSync(files).length - 1, lines.join());
  writeFileSync(join(clone, 'files', `mcp-portcullis-${version}.tgz`), 'changed');
  expect(
    spawnSync('sha256sum', ['--check', 'SHA256SUMS'], { cwd: join(clone, 'files') }).status === 1,
    'a changed file passes',
  );
});

await check('the scripts of the publishing jobs run, with stand-ins, on those files', async () => {
  const published = join(scratch, 'published.txt');
  const stands = { ...settings, cwd: work, path: [standIns(emptyFolder('bin'))] };
  const hasChart = existsSync(join(files, `portcullis-${version}.tgz`));
  for (const name of PUBLISHING.filter((one) => hasChart || one !== 'publish-chart'))
    await runJob(jobs[name], { ...stands, env: { PUBLISHED: published } });
  const lines = readFileSync(published, 'utf8').split('\n');
  const [minor] = /^\d+\.\d+/.exec(version);
  for (const start of [
    `npm publish ./mcp-portcullis-${version}.tgz --ignore-scripts --provenance`,
    'docker login --username maintainer --password-stdin registry.example',
    `skopeo copy --all`,
    `gh release create v${version} --repo portcullis-mcp/portcullis --verify-tag --latest`,
    ...(hasChart ? [`helm push files/portcullis-${version}.tgz oci://`] : []),
  ])
    expect(
      lines.some((line) => line.startsWith(start)),
      `no call: ${start}`,
    );
  expect(
    lines.some((line) => line.endsWith(`portcullis:${minor}`)),
    `no tag ${minor}`,
  );
  expect(!lines.some((line) => line.includes('token-of-the-workflow')), 'a token in an argument');
});

finish();
