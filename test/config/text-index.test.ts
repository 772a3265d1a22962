// The index of texts: it finds what a Map finds, also after it has grown, and where hashes collide.
import { expect, test } from 'vitest';
import { createTextIndex } from '../../src/config/text-index.js';

test('finds each text by its number, and no other text', () => {
  const texts: string[] = [];
  const index = createTextIndex((number) => texts[number] ?? '');
  for (let i = 0; i < 20_000; i++) {
    const text = `customer-${i}`;
    expect(index.get(text)).toBe(-1);
    texts.push(text);
    index.add(text);
  }
  expect(texts.every((text, i) => index.get(text) === i)).toBe(true);
  expect(['', 'customer-', 'customer-20000', 'Customer-1'].map(index.get)).toEqual([-1, -1, -1, -1]);
});

test('texts of one hash stay apart', () => {
  // Equal in FNV-1a of 32 bits.
  const texts = ['costarring', 'liquid'];
  const index = createTextIndex((number) => texts[number] ?? '');
  index.add('costarring');
  expect(index.get('liquid')).toBe(-1);
  index.add('liquid');
  expect(texts.map(index.get)).toEqual([0, 1]);
});
