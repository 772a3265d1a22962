// A secret shows its value only to code that calls reveal.
import { format, inspect } from 'node:util';
import { expect, test } from 'vitest';
import { secret } from '../../src/core/secret.js';

const wrapped = secret('hunter2');

test('reveal returns the value', () => expect(wrapped.reveal()).toBe('hunter2'));

test.each([
  ['a template', () => `${wrapped}`],
  ['concatenation', () => `x${String(wrapped)}`],
  ['JSON', () => JSON.stringify({ wrapped })],
  ['util.inspect', () => inspect({ wrapped }, { showHidden: true, depth: 9 })],
  ['console format', () => format('%s %o %O %j', wrapped, wrapped, wrapped, wrapped)],
  ['its entries', () => JSON.stringify(Object.entries(wrapped))],
  ['an error message', () => new Error(`no ${wrapped}`).message],
])('%s shows a mask (C-153, F-03)', (_how, show) => {
  expect(show()).not.toContain('hunter2');
});

test('the mask is [secret]', () => {
  expect([`${wrapped}`, JSON.stringify(wrapped), inspect(wrapped)]).toEqual(['[secret]', '"[secret]"', '[secret]']);
  expect(Object.isFrozen(wrapped)).toBe(true);
});
