// An audit that cannot be written: records are never lost silently, `reject` fails closed, and a
// bad destination is a clear error. /dev/full is a full disk.
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { DestinationError } from '../../src/core/destination-error.js';
import { modern } from '../fixtures/messages.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';
import { auditFile, recordsFor, recordsIn, recordsOf } from '../support/audit-scene.js';

let scene: Scene;
afterEach(() => scene.stop());

const start = async (audit: Record<string, unknown>): Promise<Scene> => {
  scene = await startScene({ root: { audit } });
  return scene;
};
const call = () => scene.send(modern('tools/list', { token: scene.token() }));
const metric = async (name: string): Promise<number> =>
  Number(
    (await scene.gateway.metrics())
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.split(' ')[1],
  );
const LOST = 'portcullis_audit_records_total{result="lost"}';
const down = () => until('the audit is down', async () => (await metric('portcullis_audit_up')) === 0);
const up = () => until('the audit is up', async () => (await metric('portcullis_audit_up')) === 1);
const events = (name: string) => scene.gateway.logs().filter(({ event }) => event === name);

describe('a full disk', () => {
  test('reject: the first call is served, later ones get 503 before a byte is forwarded', async () => {
    const file = auditFile();
    symlinkSync('/dev/full', file);
    await start({ file, onFailure: 'reject' });
    expect((await call()).status).toBe(200);
    await down();
    const hits = scene.upstream.hits;
    const rejected = await call();
    expect([rejected.status, rejected.header('retry-after')]).toEqual([503, '5']);
    expect(JSON.parse(rejected.body)).toMatchObject({ id: 1, error: { code: -31503, message: 'Cannot record calls right now' } });
    expect(scene.upstream.hits).toBe(hits);
    expect(await scene.logOf(rejected)).toMatchObject({ reason: 'audit.unavailable', event: 'gateway.audit' });
    expect(await metric(LOST)).toBe(1);
    expect(events('audit.down')).toMatchObject([{ level: 'error', detail: expect.stringContaining('ENOSPC') }]);
    // Metadata needs no record.
    expect((await fetch(scene.metadataUrl)).status).toBe(200);

    // The disk has room again: the record of the served call is written, and calls pass.
    unlinkSync(file);
    await up();
    expect(recordsOf(file)).toMatchObject([{ verdict: 'allowed' }]);
    const served = await call();
    expect(served.status).toBe(200);
    await recordsFor(file, served);
    expect(events('audit.up')).toMatchObject([{ level: 'info', lost: 1 }]);
  });

  test('continue: calls are served, and their records wait', async () => {
    const file = auditFile();
    symlinkSync('/dev/full', file);
    await start({ file });
    expect((await call()).status).toBe(200);
    await down();
    expect((await call()).status).toBe(200);
    unlinkSync(file);
    await up();
    expect(recordsOf(file)).toHaveLength(2);
    expect(await metric(LOST)).toBe(0);
  });

  test('what waits at the end is lost, and a line says so', async () => {
    const file = auditFile();
    symlinkSync('/dev/full', file);
    await start({ file });
    await call();
    await down();
    await scene.gateway.stop();
    expect(events('audit.lost')).toMatchObject([{ level: 'error', detail: expect.stringContaining('1 records are lost') }]);
  });
});

test('a folder that goes away and comes back', async () => {
  const file = auditFile();
  await start({ file, onFailure: 'reject' });
  await recordsFor(file, await call());
  rmSync(dirname(file), { recursive: true });
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  await call();
  await down();
  expect((await call()).status).toBe(503);
  mkdirSync(dirname(file));
  await up();
  expect(recordsOf(file)).toHaveLength(1);
  await recordsFor(file, await call());
});

test('rotation by rename, with and without a reload: each record is in one of the files', async () => {
  const file = auditFile();
  await start({ file });
  await recordsFor(file, await call());
  renameSync(file, `${file}.1`);
  await scene.gateway.reload();
  await recordsFor(file, await call());
  renameSync(file, `${file}.2`);
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  await recordsFor(file, await call());
  for (const name of [`${file}.1`, `${file}.2`, file]) expect(recordsIn(readFileSync(name, 'utf8'))).toHaveLength(1);
});

describe('a reload', () => {
  const configOf = (audit: Record<string, unknown>): string =>
    JSON.stringify({
      publicUrl: scene.gateway.url,
      listen: { host: '127.0.0.1', port: scene.gateway.port },
      admin: { host: '127.0.0.1', port: scene.gateway.adminPort },
      issuers: { main: { issuer: scene.issuer.issuer } },
      endpoints: [{ path: '/mcp', issuers: ['main'], upstream: `${scene.upstream.url}/up` }],
      ...audit,
    });

  test('changes the destination without losing a record, under load', async () => {
    const files = [auditFile(), auditFile(), auditFile()];
    await start({ file: files[0] });
    let isOver = false;
    let served = 0;
    const load = (async () => {
      while (!isOver) {
        const responses = await Promise.all([call(), call(), call()]);
        served += responses.filter(({ status }) => status === 200).length;
      }
    })();
    for (const file of files.slice(1)) {
      await new Promise((resolve) => setTimeout(resolve, 150));
      await scene.gateway.reload(configOf({ audit: { file } }));
    }
    await new Promise((resolve) => setTimeout(resolve, 150));
    isOver = true;
    await load;
    expect(served).toBeGreaterThan(20);
    const counts = () => files.map((file) => recordsOf(file).length);
    await until('every record', () => counts().reduce((sum, one) => sum + one, 0) === served);
    expect(counts().filter((count) => count === 0)).toEqual([]);
    expect(await metric(LOST)).toBe(0);
  });

  test('to a bad destination changes nothing; without audit it ends', async () => {
    const file = auditFile();
    await start({ file });
    await scene.gateway.reload(configOf({ audit: { file: '/none/audit.jsonl' } }));
    expect(events('config.reload_failed')).toMatchObject([
      {
        detail: expect.stringContaining(
          'audit.file: the gateway cannot append to /none/audit.jsonl: the folder /none does not exist',
        ),
      },
    ]);
    await recordsFor(file, await call());
    await scene.gateway.reload(configOf({}));
    expect((await call()).status).toBe(200);
    expect(await scene.gateway.metrics()).not.toMatch(/^portcullis_audit_up /m);
    expect(recordsOf(file)).toHaveLength(1);
  });
});

test('a start with a bad destination says what to do', async () => {
  await start({ file: auditFile() });
  const failing = (file: string) =>
    startScene({ root: { audit: { file } } }).then(
      () => 'started',
      (error: unknown) => (error instanceof DestinationError ? error.message : `other: ${error}`),
    );
  expect(await failing('/none/a.jsonl')).toBe(
    'audit.file: the gateway cannot append to /none/a.jsonl: the folder /none does not exist; create it',
  );
  expect(await failing('/tmp')).toBe(
    'audit.file: the gateway cannot append to /tmp: this is a folder; write the path of a file in it',
  );
  expect(await failing('/dev/null/a')).toBe(
    'audit.file: the gateway cannot append to /dev/null/a: /dev/null is not a folder; correct the path',
  );
  expect(await failing('/proc/audit.jsonl')).toContain('/proc/audit.jsonl: ');
});
