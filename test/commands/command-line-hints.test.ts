// A command line that cannot be read, or a variable for the file: the message says what to write.
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
  [['doctor', '--tol', 'x', 'http://127.0.0.1'], 'Did you mean --tool?'],
  [['doctor', '--tok', 'x', 'http://127.0.0.1'], "Unknown option '--tok'\nDid you mean --token?\n"],
  [['doctor', '--orig', 'x', 'http://127.0.0.1'], "Unknown option '--orig'\nDid you mean --origin?\n"],
  [['serve', '--conf-file', 'x'], "Unknown option '--conf-file'\n\nportcullis serve"],
])('portcullis %j', async (args, hint) => {
  expect(await run(args)).toEqual({ code: 2, output: '', errors: expect.stringContaining(hint) });
});

test.each([['guard'], ['serve', 'something'], ['serve', '--port', '80'], ['doctor', '--to', 'x']])(
  'no hint for a text that is close to nothing: %s %s',
  async (...args) => {
    expect((await run(args.filter((one) => one !== undefined))).errors).not.toMatch(/Did you mean|Write:/);
  },
);

test.each<[Record<string, string>, string]>([
  [{ PORTCULLIS_CONFIG: 'a.yaml' }, 'There is no configuration yet: PORTCULLIS_CONFIG is not read; write --config a.yaml.'],
  [{ PORTCULLIS_CONFIG_PATH: 'has a s3cret' }, 'PORTCULLIS_CONFIG_PATH is not read; write --config FILE.'],
  [{ PORTCULLIS_ISUER: 'https://auth.example.com' }, 'PORTCULLIS_ISUER: unknown variable; did you mean PORTCULLIS_ISSUER?'],
])('serve with the variables %j', async (env, hint) => {
  const { code, errors } = await run(['serve'], { env });
  expect([code, errors]).toEqual([1, expect.stringContaining(hint)]);
  expect(errors).not.toContain('s3cret');
});
