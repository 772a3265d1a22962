// How the operator starts the command, and the printed commands that suit it.
import { delimiter, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { howStarted, suitedTo } from '../../src/commands/how-started.js';
import { runCommand } from '../../src/commands/run-command.js';
import { captureIo } from './in-process.js';

const PATH = ['/usr/local/bin', '/usr/bin'].join(delimiter);

describe('the form of portcullis', () => {
  test.each([
    ['in a clone', '/src/portcullis/dist/main.js', '/src/portcullis', 'node dist/main.js', '/src/portcullis'],
    ['from another folder', '/src/portcullis/dist/main.js', '/home/a', 'node /src/portcullis/dist/main.js', null],
    ['from a folder beside', '/src/portcullis/dist/main.js', '/src/portcullis2', 'node /src/portcullis/dist/main.js', null],
    ['a path with a space', '/my src/dist/main.js', '/home', "node '/my src/dist/main.js'", null],
    ['npx, installed', '/app/node_modules/.bin/portcullis', '/app', 'npx mcp-portcullis', '/app'],
    ['npx, by the other name', '/app/node_modules/.bin/mcp-portcullis', '/app/sub', 'npx mcp-portcullis', '/app'],
    ['npx, not installed', '/h/.npm/_npx/1f/node_modules/.bin/mcp-portcullis', '/app', 'npx mcp-portcullis', null],
    ['by path in .bin, from above', '/app/node_modules/.bin/portcullis', '/', '/app/node_modules/.bin/portcullis', null],
    ['by path in .bin', '/opt/p/node_modules/.bin/portcullis', '/home/a', '/opt/p/node_modules/.bin/portcullis', null],
    ['globally', '/usr/local/bin/portcullis', '/app', 'portcullis', null],
    ['globally, by the other name', '/usr/local/bin/mcp-portcullis', '/app', 'mcp-portcullis', null],
    ['a global one outside PATH', '/opt/p/bin/portcullis', '/app', 'node /opt/p/bin/portcullis', null],
    [
      'by path in node_modules',
      '/app/node_modules/mcp-portcullis/dist/main.js',
      '/app',
      'node node_modules/mcp-portcullis/dist/main.js',
      '/app',
    ],
    ['in a process of another program', '/app/server.js', '/app', 'portcullis', null],
  ])('%s: %s', (_what, script, cwd, command, folder) => {
    expect(howStarted({ script, cwd, path: PATH })).toEqual({ command, folder });
  });

  test('npx adds its folder to PATH, which changes nothing', () => {
    const folder = join('/app', 'node_modules', '.bin');
    const start = { script: join(folder, 'portcullis'), cwd: '/app', path: `${folder}${delimiter}${PATH}` };
    expect(howStarted(start).command).toBe('npx mcp-portcullis');
  });

  test('without a script or PATH', () => {
    expect(howStarted({ script: undefined, cwd: '/', path: undefined })).toEqual({ command: 'portcullis', folder: null });
    expect(howStarted({ script: '/usr/bin/portcullis', cwd: '/', path: undefined }).folder).toBe('/');
  });
});

describe('a printed command', () => {
  const suited = suitedTo({ command: 'npx mcp-portcullis', folder: '/app' }, ['serve', 'hash-key']);
  test.each([
    ['Write: portcullis serve --config a.yaml', 'Write: npx mcp-portcullis serve --config a.yaml'],
    ['let portcullis hash-key make a key', 'let npx mcp-portcullis hash-key make a key'],
    ['`portcullis COMMAND --help`', '`npx mcp-portcullis COMMAND --help`'],
    ['portcullis serve and portcullis --version', 'npx mcp-portcullis serve and npx mcp-portcullis --version'],
  ])('%s', (text, expected) => expect(suited(text)).toBe(expected));

  test.each(['portcullis: an auth gateway', 'the portcullis server', 'npx mcp-portcullis serve', 'etc/portcullis serve'])(
    'not in: %s',
    (text) => expect(suited(text)).toBe(text),
  );
});

describe('the outputs of a command', () => {
  const started = { command: 'node dist/main.js', folder: '/src' };
  async function run(...args: string[]): Promise<string> {
    const io = { ...captureIo(), started };
    await runCommand(args, io);
    return [...io.written, ...io.errors].join('\n');
  }

  test('the list of commands says what to write here', async () => {
    const output = await run('--help');
    expect(output).toContain('  portcullis serve [--config FILE]   run the gateway\n');
    expect(output).toMatch(/Here, write node dist\/main\.js for portcullis\.$/);
  });

  test.each([
    [['serve', '--help'], 'node dist/main.js serve [--config FILE]'],
    [['srve'], 'There is no command srve. Did you mean node dist/main.js serve?'],
    [['serve', 'a.yaml'], 'Write: node dist/main.js serve --config a.yaml'],
    [['hash-key', 'secret'], 'node dist/main.js hash-key --stdin < FILE'],
  ])('%j', async (args, text) => expect(await run(...args)).toContain(text));
});
