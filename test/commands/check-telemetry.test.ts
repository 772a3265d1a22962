// `portcullis check` finds destinations of audit, traces and metrics that `serve` refuses. It uses
// the same words, and leaves no file behind.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openAuditFile, probeAuditFile } from '../../src/app/audit-file.js';
import { openProblem } from '../../src/app/check-telemetry.js';
import { loading } from '../../src/observe/opentelemetry.js';
import { ownPort } from '../fixtures/ports.js';
import { type Collector, startCollector } from '../support/collector.js';
import { type CheckScene, findingOf, SECRET, startCheckScene } from './check-scene.js';

let scene: CheckScene;
let collector: Collector;
const folder = mkdtempSync(join(tmpdir(), 'portcullis-check-audit-'));
beforeAll(async () => {
  scene = await startCheckScene();
  collector = await startCollector();
});
beforeEach(() => {
  collector.status = 200;
  return scene.reset();
});
afterAll(async () => {
  await Promise.all([scene.stop(), collector.stop()]);
  rmSync(folder, { recursive: true });
});

const check = async (root: Record<string, unknown>, ...options: string[]) =>
  scene.check(await scene.config({}, {}, root), ...options);

describe('audit.file', () => {
  const plain = join(folder, 'plain');
  writeFileSync(plain, 'one\n');
  const cases = [
    ['a folder that does not exist', join(folder, 'none', 'audit.jsonl'), 'create it'],
    ['a folder', folder, 'write the path of a file in it'],
    ['a file as folder', join(plain, 'audit.jsonl'), 'correct the path'],
  ] as const;

  test.each(cases)('%s: the words of serve', async (_what, file, fix) => {
    const opened = await openAuditFile(file, () => 0).catch((error: Error) => error.message);
    const found = findingOf(await check({ audit: { file } }), 'file').replace(/\n\s*fix: /, '; ');
    expect(found).toBe(`FAIL  audit: file: ${opened}`);
    expect(found).toMatch(new RegExp(`; [^;]*${fix}$`));
  });

  test('a good one: no new file, and an old one stays as it is', async () => {
    const file = join(folder, 'new.jsonl');
    const run = await check({ audit: { file } });
    expect([run.code, existsSync(file)]).toEqual([0, false]);
    expect(run.output).toContain(`ok    audit: file: can append to ${file}`);
    expect((await check({ audit: { file: plain } })).code).toBe(0);
    expect([readFileSync(plain, 'utf8'), readdirSync(folder)]).toEqual(['one\n', ['plain']]);
  });

  test('a file that may not be written is named in the words of the open', async () => {
    const full = '/proc/version';
    if (!existsSync(full)) return;
    const words = (open: Promise<unknown>) => open.then(() => null).catch((error: Error) => error.message);
    expect(await words(probeAuditFile(full))).toBe(await words(openAuditFile(full, () => 0)));
  });
});

test('packages that are not installed: the command that installs them', async () => {
  const missing = 'portcullis-package-that-is-not-there';
  const verdict = await openProblem(() => loading('traces.otlp', () => import(missing)));
  expect(verdict).toMatchObject({
    result: 'fail',
    observed: 'traces.otlp needs packages that are not installed',
    fix: expect.stringMatching(/^install them: npm install @opentelemetry/),
  });
});

describe('a collector', () => {
  const all = (otlp: string) => ({
    audit: { otlp },
    traces: { otlp, headers: { 'X-Key': '${env:CLIENT_SECRET}' } },
    metrics: { otlp },
  });

  test('that answers gets an empty export for each signal', async () => {
    const run = await check(all(collector.url));
    expect(run.code).toBe(0);
    for (const signal of ['audit', 'traces', 'metrics'])
      expect(run.output).toMatch(new RegExp(`ok {4}${signal}: collector: http`));
    expect(collector.heads.map((head) => head['x-key'])).toContain(SECRET);
    expect(run.output).not.toContain(SECRET);
    expect([collector.logs(), collector.spans()]).toEqual([[], []]);
  });

  test.each([
    [401, /answers 401 to the gateway\n.*fix: correct the credentials in audit\.headers/],
    [404, /answers 404\n.*fix: write the base URL of an OTLP\/HTTP collector into audit\.otlp/],
  ])('that answers %i is a warning', async (status, words) => {
    collector.status = status;
    const run = await check(all(collector.url));
    expect([run.code, findingOf(run, 'collector')]).toEqual([0, expect.stringMatching(words)]);
  });

  test('that is away is a warning; --offline asks nothing', async () => {
    const away = all(`http://127.0.0.1:${await ownPort()}`);
    const run = await check(away);
    expect(run.code).toBe(0);
    expect(findingOf(run, 'collector')).toMatch(
      /^warn {2}audit: collector: \S+\/v1\/logs does not answer: ECONNREFUSED\n.*start the server/,
    );
    expect((await check(away, '--offline')).output).not.toContain('collector');
  });
});
