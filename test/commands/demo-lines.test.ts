// The commands that the demo prints for another terminal do what their comments say, in a real
// shell.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandsToPaste } from '../../src/commands/demo/commands-to-paste.js';
import { type Services, startServices } from '../../src/commands/demo/services.js';
import { blockOf, exportLine, hasShell, inClone, runShell } from '../support/printed-commands.js';

let services: Services;
let printed: string;
beforeAll(async () => {
  services = await startServices();
  printed = inClone(await commandsToPaste(services, null));
});
afterAll(() => services.stop());

/** Pastes the line with the variables, then a block. */
const paste = (comment: string): ReturnType<typeof runShell> => runShell(`${exportLine(printed)}\n${blockOf(printed, comment)}`);

test('the URL and the token occur once, and every other command uses the variables', () => {
  const [, url = '', token = ''] = /URL=(\S+) TOKEN=(\S+)/.exec(exportLine(printed)) ?? [];
  expect(url).toBe(services.files);
  expect(printed.split(token)).toHaveLength(2);
  expect(printed.split(url)).toHaveLength(2);
});

describe.runIf(hasShell)('in a shell', () => {
  test('without a token: 401 and the challenge', async () => {
    const { output } = await paste('without a token');
    expect(output).toMatch(/^HTTP\/1.1 401/);
    expect(output).toMatch(/^www-authenticate: Bearer /m);
  });

  test('a call of revision 2026-07-28', async () => {
    expect((await paste('revision 2026-07-28')).output).toContain('"text":"42"');
  });

  test('a conversation of a legacy revision', async () => {
    expect((await paste('a legacy revision')).output).toContain('"name":"whoami"');
  });

  test.each(['an opaque token', 'an older client'])('%s', async (comment) => {
    expect((await paste(comment)).output).toContain('"name":"whoami"');
  });

  test('no check of the doctor fails', async () => {
    const { code, output } = await paste('the doctor');
    expect([code, output]).toEqual([0, expect.stringContaining(' 0 failed')]);
  });

  test('explain accepts the token, and rejects it with a forged signature', async () => {
    const { code, output } = await paste('# explain: why');
    expect([code, output]).toEqual([1, expect.stringContaining('The gateway would accept the request.')]);
    expect(output.slice(output.indexOf('would accept'))).toContain('token.signature');
  });

  test('metrics', async () => {
    const { output } = await paste('metrics');
    expect(output).toContain('# TYPE ');
    expect(output).toMatch(/^portcullis_build_info\{version="\d+\.\d+\.\d+"\} 1$/m);
  });
});
