// The commands that the demo prints for another terminal do what their comments say.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandsToPaste } from '../../src/commands/demo/commands-to-paste.js';
import { type Services, startServices } from '../../src/commands/demo/services.js';
import { type Run, run } from './in-process.js';

const PROGRAM = 'node dist/main.js ';

let services: Services;
let lines: string[];
beforeAll(async () => {
  services = await startServices();
  lines = (await commandsToPaste(services)).split('\n');
});
afterAll(() => services.stop());

const variablesOf = (line: string): Record<string, string> =>
  Object.fromEntries(
    [...line.matchAll(/\b(PORTCULLIS_[A-Z_]+)=(\S+)/g)].map(([, name, value]) => [name as string, value as string]),
  );

/** Runs a line like the shell, with the variables that an earlier line exports. */
function paste(line: string): Promise<Run> {
  const exported = lines.find((one) => one.startsWith('export ')) ?? '';
  const args = line.slice(line.indexOf(PROGRAM) + PROGRAM.length).trim();
  return run(args.split(' '), { env: { ...variablesOf(exported), ...variablesOf(line) } });
}

const linesOf = (command: string): string[] => lines.filter((line) => line.includes(PROGRAM + command));

test('no check of the doctor fails', async () => {
  const [line = '', ...more] = linesOf('doctor');
  expect([line, more]).toEqual([expect.stringContaining(`${services.files} --tool whoami`), []]);
  expect(await paste(line)).toMatchObject({ code: 0, output: expect.stringContaining(' 0 failed') });
});

test('explain accepts the token, and rejects it with a forged signature', async () => {
  const [good = '', forged = '', ...more] = linesOf('explain');
  expect(more).toEqual([]);
  expect(await paste(good)).toMatchObject({
    code: 0,
    output: expect.stringContaining('The gateway would accept the request.'),
  });
  expect(await paste(forged)).toMatchObject({ code: 1, output: expect.stringContaining('token.signature') });
});
