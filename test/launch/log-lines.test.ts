// The function or the stream that gets the lines of the log of an embedded gateway.
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { lineSink, outputSink } from '../../src/launch/log-lines.js';

const bytes = (text: string): Buffer => Buffer.from(text);

test('it gets each line of a block, and none after the end', () => {
  const lines: string[] = [];
  const sink = lineSink((line) => void lines.push(line));
  sink.write(bytes('{"a":1}\n{"b":"\\n"}\n'));
  sink.write(bytes('{"c":3}\n'));
  sink.close();
  sink.write(bytes('{"d":4}\n'));
  expect(lines).toEqual(['{"a":1}', '{"b":"\\n"}', '{"c":3}']);
});

test('an exception in it is uncaught, and every line still arrives', async () => {
  const lines: string[] = [];
  const fault = new Error('of the program');
  const sink = lineSink((line) => {
    lines.push(line);
    if (line === 'one') throw fault;
  });
  const before = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  try {
    const uncaught = new Promise((resolve) => process.once('uncaughtException', resolve));
    expect(() => sink.write(bytes('one\ntwo\n'))).not.toThrow();
    expect(lines).toEqual(['one', 'two']);
    expect(await uncaught).toBe(fault);
  } finally {
    for (const listener of before) process.on('uncaughtException', listener);
  }
});

const broken = (): Writable => new Writable({ write: (_lines, _encoding, done) => done(new Error('EPIPE')) });

test('an output without a reader does not end the program', async () => {
  const output = broken();
  const sink = outputSink(output);
  const closed = new Promise((resolve) => output.on('close', resolve));
  for (let i = 0; i < 3; i++) sink.write(bytes('{"a":1}\n'));
  await closed;
  sink.write(bytes('{"b":2}\n'));
  await new Promise(setImmediate);
  expect(output.errored).toMatchObject({ message: 'EPIPE' });
});

test('a listener of the program still learns of the error', async () => {
  const output = broken();
  const error = once(output, 'error');
  outputSink(output).write(bytes('{"a":1}\n'));
  expect(await error).toMatchObject([{ message: 'EPIPE' }]);
});
