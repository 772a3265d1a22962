// A secret shows itself to nobody but who asks for it by name.
import { format, inspect } from 'node:util';
import { expect, test } from 'vitest';
import { secret } from '../../src/core/secret.js';

const held = secret('hunter2');

test('gives itself to who asks', () => expect(held.reveal()).toBe('hunter2'));

test.each([
  ['a template', () => `${held}`],
  ['concatenation', () => `x${String(held)}`],
  ['JSON', () => JSON.stringify({ held })],
  ['util.inspect', () => inspect({ held }, { showHidden: true, depth: 9 })],
  ['console format', () => format('%s %o %O %j', held, held, held, held)],
  ['its entries', () => JSON.stringify(Object.entries(held))],
  ['an error message', () => new Error(`no ${held}`).message],
])('%s shows a mask (C-153, F-03)', (_how, show) => {
  expect(show()).not.toContain('hunter2');
});

test('the mask is [secret]', () => {
  expect([`${held}`, JSON.stringify(held), inspect(held)]).toEqual(['[secret]', '"[secret]"', '[secret]']);
  expect(Object.isFrozen(held)).toBe(true);
});
