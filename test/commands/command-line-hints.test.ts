// A command line that cannot be read, or a variable for the file: the message says what to write.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from './in-process.js';

test.each<[string[], string]>([
  [['portcullis.yaml'], 'There is no command portcullis.yaml. Write: portcullis serve --config portcullis.yaml'],
  [['/etc/portcullis.yml'], 'Write: portcullis serve --config /etc/portcullis.yml'],
  [['--config', 'a.yaml'], 'Write: portcullis serve --config a.yaml'],
  [['--config=a.yaml'], 'Write: portcullis serve --config a.yaml'],
  [['-c', 'a.json'], 'Write: portcullis serve --config a.json'],
  [['--config'], 'Write: portcullis serve --config FILE'],
  [['srve'], 'There is no command srve. Did you mean portcullis serve?'],
  [['serve', 'a.yaml'], 'Write: portcullis serve --config a.yaml'],
  [['serve', '-c', 'a.yaml'], 'Did you mean --config FILE?'],
  [['serve', '--configuration', 'a.yaml'], 'Did you mean --config FILE?'],
  [['serve', '--config-file=a.yaml'], 'Did you mean --config FILE?'],
  [['serve', '-f', 'a.yaml'], 'Did you mean --config FILE?'],
  [['serve', '--cofnig', 'a.yaml'], 'Did you mean --config?'],
  [['explain', '--endpont', '/mcp', 'x'], 'Did you mean --endpoint?'],
  [['serve', '--port', '8081'], 'listen.host and listen.port of the file, or PORTCULLIS_LISTEN=127.0.0.1:8081'],
  [['serve', '-p', '8081'], 'PORTCULLIS_LISTEN'],
  [['serve', '--host=0.0.0.0'], 'PORTCULLIS_LISTEN'],
  [['serve', '--listen', ':80'], 'PORTCULLIS_LISTEN'],
  [['doctor', '--tol', 'x', 'http://127.0.0.1'], 'Did you mean --tool?'],
  [['doctor', '--tok', 'x', 'http://127.0.0.1'], "Unknown option '--tok'\nDid you mean --token?\n"],
  [['doctor', '--orig', 'x', 'http://127.0.0.1'], "Unknown option '--orig'\nDid you mean --origin?\n"],
  [['serve', '--conf-file', 'x'], "Unknown option '--conf-file'\n\nportcullis serve"],
])('portcullis %j', async (args, hint) => {
  expect(await run(args)).toEqual({ code: 2, output: '', errors: expect.stringContaining(hint) });
});

test.each<[string[], string]>([
  [['demo', '--upstream'], '--upstream has no value: write --upstream URL.\n'],
  [
    ['demo', '--upstream', '--once'],
    '--upstream has no value: write --upstream URL. Write --upstream=URL for a value that begins with a dash.\n',
  ],
  [['demo', '--port'], '--port has no value: write --port N.\n'],
  [['serve', '--config'], '--config has no value: write --config FILE.\n'],
  [['doctor', 'http://127.0.0.1', '--tool'], '--tool has no value: write --tool NAME.\n'],
  [['demo', '--once=yes'], '--once takes no value.\n'],
])('an option without its value, or with one too many: portcullis %j', async (args, words) => {
  const { code, errors } = await run(args);
  expect(code).toBe(2);
  expect(errors.slice(0, words.length)).toBe(words);
});

test.each(['portcullis.yaml', 'portcullis.yml'])('without --config, a file %s in this folder is named', async (name) => {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-here-'));
  const before = process.cwd();
  try {
    process.chdir(folder);
    writeFileSync(name, '');
    for (const command of ['serve', 'explain'])
      expect((await run([command])).errors).toBe(
        `There is no configuration yet: ${name} is here; write --config ${name}, or set PORTCULLIS_CONFIG=${name}`,
      );
  } finally {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  }
});

test.each([['guard'], ['serve', 'something'], ['doctor', '--bind', '80'], ['doctor', '--to', 'x']])(
  'no hint for a text that is close to nothing: %s %s',
  async (...args) => {
    expect((await run(args.filter((one) => one !== undefined))).errors).not.toMatch(/Did you mean|Write:/);
  },
);

test.each<[Record<string, string>, string]>([
  [
    { PORTCULLIS_CONFIG_FILE: 'a.yaml' },
    'There is no configuration yet: PORTCULLIS_CONFIG_FILE is not read; write PORTCULLIS_CONFIG=a.yaml.',
  ],
  [{ PORTCULLIS_CONFG: 'a.yaml' }, 'PORTCULLIS_CONFG is not read; write PORTCULLIS_CONFIG=a.yaml.'],
  [{ PORTCULLIS_CONFIG_PATH: 'has a s3cret' }, 'PORTCULLIS_CONFIG_PATH is not read; write PORTCULLIS_CONFIG=FILE.'],
  [{ PORTCULLIS_CONFIG: '' }, 'There is no configuration yet.'],
  [{ PORTCULLIS_CONFIG: 'no-such.yaml' }, 'no-such.yaml does not exist; correct the path in PORTCULLIS_CONFIG'],
  [{ PORTCULLIS_ISUER: 'https://auth.example.com' }, 'PORTCULLIS_ISUER: unknown variable; did you mean PORTCULLIS_ISSUER?'],
])('serve with the variables %j', async (env, hint) => {
  const { code, errors } = await run(['serve'], { env });
  expect([code, errors]).toEqual([1, expect.stringContaining(hint)]);
  expect(errors).not.toContain('s3cret');
});
