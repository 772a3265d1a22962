// Checks .github/workflows: pinned actions, least permissions, no text of an event in a script, and
// no publishing without a tag.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly needs?: string | string[];
  readonly if?: string;
  readonly uses?: string;
  readonly environment?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly 'timeout-minutes'?: number;
  readonly steps?: readonly Step[];
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const folder = new URL('../../.github/workflows/', import.meta.url);
const texts = readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder), 'utf8')] as const);
const { on, permissions, jobs } = parse(readFileSync(new URL('release.yml', folder), 'utf8')) as Workflow;

const needsOf = (name: string): string[] => [jobs[name]?.needs ?? []].flat();
const allNeedsOf = (name: string): string[] => needsOf(name).flatMap((one) => [one, ...allNeedsOf(one)]);
const scriptsOf = (job: Job): string => (job.steps ?? []).map(({ run }) => run ?? '').join('\n');

describe.each(texts)('%s', (_name, text) => {
  const workflow = parse(text) as Workflow;
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps ?? []);

  test('pins each action to a commit, with its version beside it', () => {
    const lines = text.split('\n').filter((line) => /^\s*(- )?uses:/.test(line) && !line.includes('uses: ./'));
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.filter((line) => !/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
  });

  test('puts no expression into a script', () => {
    expect(steps.filter(({ run }) => run?.includes('${{')).map(({ run }) => run)).toEqual([]);
  });

  test('keeps no credentials of git, and has a limit of time for each job', () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    for (const step of checkouts) expect(step.with).toMatchObject({ 'persist-credentials': false });
    const jobsWithSteps = Object.values(workflow.jobs).filter(({ uses }) => uses === undefined);
    for (const job of jobsWithSteps) expect(job['timeout-minutes']).toBeLessThanOrEqual(60);
  });
});

describe('release.yml', () => {
  const PUBLISHING = ['attest', 'publish-chart', 'publish-image', 'publish-npm', 'release'];

  test('runs at a tag, and by hand as a dry run', () => {
    expect(on).toEqual({ push: { tags: ['v*'] }, workflow_dispatch: null });
  });

  test('gives each job its own permissions, and write permissions only to a publishing job', () => {
    expect(permissions).toEqual({});
    const writing = Object.entries(jobs).filter(([, job]) =>
      Object.values(job.permissions ?? { all: 'write' }).includes('write'),
    );
    expect(writing.map(([name]) => name).sort()).toEqual(PUBLISHING);
    for (const [, job] of writing) expect(job.environment).toMatch(/^(npm|release)$/);
  });

  test('lets a job publish only at a tag, and only after all tests', () => {
    for (const name of PUBLISHING) {
      if (name === 'release') expect(needsOf(name)).toContain('publish-npm');
      else expect(jobs[name]?.if).toMatch(/^github\.event_name == 'push' && github\.ref_type == 'tag'/);
      expect(allNeedsOf(name)).toEqual(
        expect.arrayContaining(['version', 'test', 'package', 'installed', 'image', 'chart', 'files']),
      );
    }
  });

  test('runs no code of strangers where it makes and tests the package', () => {
    expect(scriptsOf(jobs.package as Job)).toContain('npm ci --ignore-scripts');
    // Without --no, npx takes a missing name from the registry, where `portcullis` is not ours.
    const scripts = Object.values(jobs).map(scriptsOf).join('\n');
    const calls = [...scripts.matchAll(/\bnpx .{5}/g)].map(([call]) => call);
    expect([...new Set(calls)]).toEqual(['npx --no ']);
  });

  test('gives a publishing job files and no source code', () => {
    for (const name of PUBLISHING)
      expect((jobs[name]?.steps ?? []).filter(({ uses }) => uses?.startsWith('actions/checkout@'))).toEqual([]);
    expect(scriptsOf(jobs['publish-npm'] as Job)).toContain('sha256sum --check SHA256SUMS');
  });

  test('publishes to npm with the identity of the workflow, without a token', () => {
    const job = jobs['publish-npm'] as Job;
    expect(job.permissions).toEqual({ 'id-token': 'write' });
    expect(scriptsOf(job)).toContain('npm publish "./mcp-portcullis-$VERSION.tgz" --ignore-scripts --provenance');
    expect(JSON.stringify(job)).not.toMatch(/secrets\.|NODE_AUTH_TOKEN|registry-url/);
  });

  test('packs once, and tests that file on each line of Node that the tests use', () => {
    const packing = Object.entries(jobs).filter(([, job]) => /npm pack|pack\.mjs/.test(scriptsOf(job)));
    expect(packing.map(([name]) => name)).toEqual(['package']);
    const matrixOf = (text: string) => /node: (\[[\d, ]+\])/.exec(text)?.[1];
    const [ci, release] = ['ci.yml', 'release.yml'].map((name) => matrixOf(readFileSync(new URL(name, folder), 'utf8')));
    expect(release).toBe(ci);
    expect(jobs.test?.uses).toBe('./.github/workflows/ci.yml');
  });

  test('names the image and the charts by variables alone', () => {
    const text = JSON.stringify(jobs);
    expect(text).toContain('vars.IMAGE');
    expect(text).toContain('vars.CHARTS');
    expect(text).not.toMatch(/\b[\w-]+\.(io|dev)\b/);
  });
});
