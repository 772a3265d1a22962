// What the demo gives to paste into a terminal does what its comments say.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Parts, startParts } from '../../src/commands/demo/parts.js';
import { linesToPaste } from '../../src/commands/demo/tour.js';
import { spawnNode } from '../fixtures/child.js';
import { withDeadline } from '../fixtures/wait.js';

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;

let parts: Parts;
let lines: string[];
beforeAll(async () => {
  parts = await startParts();
  lines = (await linesToPaste(parts)).split('\n');
});
afterAll(() => parts.stop());

const assigned = (line: string): Record<string, string> =>
  Object.fromEntries(
    [...line.matchAll(/\b(PORTCULLIS_[A-Z_]+)=(\S+)/g)].map(([, name, value]) => [name as string, value as string]),
  );

/** As the shell would run it, behind the variables that an earlier line exports. */
async function paste(line: string): Promise<{ code: number | null; output: string }> {
  const exported = lines.find((one) => one.startsWith('export '));
  const args = line
    .slice(line.indexOf('node dist/main.js') + 'node dist/main.js'.length)
    .trim()
    .split(' ');
  const child = spawnNode([MAIN, ...args], { ...assigned(exported ?? ''), ...assigned(line) });
  const { code } = await withDeadline(line, child.exited, 30_000);
  return { code, output: child.lines.join('\n') };
}

const of = (command: string): string[] => lines.filter((line) => line.includes(`node dist/main.js ${command}`));

test('the doctor finds nothing that fails', async () => {
  const [line = '', ...more] = of('doctor');
  expect([line, more]).toEqual([expect.stringContaining(`${parts.files} --tool whoami`), []]);
  expect(await paste(line)).toEqual({ code: 0, output: expect.stringContaining(' 0 failed') });
});

test('explain lets the token pass, and refuses it with another signature', async () => {
  const [good = '', spoiled = '', ...more] = of('explain');
  expect(more).toEqual([]);
  expect(await paste(good)).toEqual({ code: 0, output: expect.stringContaining('The gateway would let it pass.') });
  expect(await paste(spoiled)).toEqual({ code: 1, output: expect.stringContaining('token.signature') });
});
