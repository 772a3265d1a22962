// Named pipes as the file of the audit: a look does not end their reader, and a full one takes
// whole lines, because several processes may write to it.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { openAuditFile, probeAuditFile } from '../../src/app/audit-file.js';
import type { AuditSink } from '../../src/observe/audit-queue.js';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-pipe-'));
afterAll(() => rmSync(folder, { recursive: true }));

function pipe(name: string): string {
  const path = join(folder, name);
  execFileSync('mkfifo', [path]);
  return path;
}
const written = (sink: AuditSink, lines: Buffer) =>
  new Promise<[number, string | undefined]>((resolve) =>
    sink.write(lines, (bytes, error) => resolve([bytes, (error as NodeJS.ErrnoException | null)?.code])),
  );
const open = (path: string): Promise<AuditSink> => openAuditFile(path, () => 0);

test('a look does not open a named pipe: its reader reads on, and the open and close of a sink end it', async () => {
  const path = pipe('look');
  const reader: ChildProcess = spawn('cat', [path], { stdio: 'ignore' });
  const ended = once(reader, 'exit').then(() => 'ended');
  try {
    await sleep(100);
    await probeAuditFile(path);
    expect(await Promise.race([ended, sleep(300, 'reads')])).toBe('reads');
    // The positive: `cat` ends when the last writer has gone.
    (await open(path)).close();
    expect(await Promise.race([ended, sleep(5_000, 'reads')])).toBe('ended');
  } finally {
    reader.kill('SIGKILL');
  }
});

test('a full pipe takes whole lines, and the rest once there is room', async () => {
  const path = pipe('full');
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const sink = await open(path);
  const line = (bytes: number): string => `${'x'.repeat(bytes - 1)}\n`;
  // 700 divides neither 4,096 nor the size of the pipe. One line is longer than 4,096 bytes.
  const lines = Buffer.from(line(700).repeat(20) + line(9_000) + line(700).repeat(200));
  const [bytes, code] = await written(sink, lines);
  expect([code, lines[bytes - 1]]).toEqual(['EAGAIN', 10]);
  expect(bytes).toBeGreaterThan(40_000);
  const read = Buffer.alloc(lines.length);
  expect(readSync(reader, read)).toBe(bytes);
  let at = bytes;
  while (at < lines.length) {
    const [more, again] = await written(sink, lines.subarray(at));
    at += more;
    if (again === undefined) break;
    expect(lines[at - 1]).toBe(10);
    readSync(reader, read);
  }
  expect(at).toBe(lines.length);
  sink.close();
  closeSync(reader);
});
