// Sealed texts: each has one spelling, one key and one piece of additional data.
import { createDecipheriv, hkdfSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createKeyRing, type KeyRing, sealedBytes } from '../../src/seal/key-ring.js';
import { sealingKey } from '../support/sealing-key.js';

const [first, second] = [sealingKey(), sealingKey()];
const ring = createKeyRing([first], 'session');

function opened(sealed: string, bound: string, by: KeyRing = ring): string | null {
  const bytes = sealedBytes(sealed);
  return bytes === null ? null : (by.findKey(bytes)?.open(bytes, bound) ?? null);
}

describe('a sealed text (E-08, E-09)', () => {
  test.each(['x', 'héllo €', 'x'.repeat(1100)])('opens with its additional data: %s', (text) => {
    const sealed = ring.newest.seal(text, 'bound');
    expect(sealed).toMatch(/^[\w-]+$/);
    expect(opened(sealed, 'bound')).toBe(text);
    expect(opened(sealed, 'boundless')).toBeNull();
    expect(opened(sealed, '')).toBeNull();
  });

  test('does not open for another half of a surrogate pair', () => {
    const sealed = ring.newest.seal('x', 'sub:\ud800');
    expect([opened(sealed, 'sub:\ud800'), opened(sealed, 'sub:\ud801'), opened(sealed, 'sub:\ufffd')]).toEqual(['x', null, null]);
  });

  test('has 4/3 of the characters of the text, and 44 more', () => {
    expect(ring.newest.seal('x'.repeat(36), 'bound').length).toBe(Math.ceil(((33 + 36) * 4) / 3));
  });

  test('is never the same twice', () => {
    const all = Array.from({ length: 1000 }, () => ring.newest.seal('x', 'bound'));
    expect(new Set(all).size).toBe(1000);
    expect(new Set(all.map((sealed) => sealedBytes(sealed)?.subarray(5, 17).toString('hex'))).size).toBe(1000);
  });

  test('does not open with a changed bit', () => {
    const sealed = ring.newest.seal('the id', 'bound');
    const bytes = sealedBytes(sealed) as Buffer;
    expect(opened(bytes.toString('base64url'), 'bound')).toBe('the id');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect([bit, opened(flipped.toString('base64url'), 'bound')]).toEqual([bit, null]);
    }
  });

  test('does not open with characters removed or added', () => {
    const sealed = ring.newest.seal('the id', 'bound');
    expect(opened(sealed, 'bound')).toBe('the id');
    for (let length = 0; length < sealed.length; length++) {
      expect([length, opened(sealed.slice(0, length), 'bound')]).toEqual([length, null]);
      expect([length, opened(sealed.slice(sealed.length - length), 'bound')]).toEqual([length, null]);
    }
    for (const more of ['A', 'AA', 'AAAA', '=', ' ', '.']) expect(opened(sealed + more, 'bound')).toBeNull();
  });

  test('has one spelling', () => {
    // 34 bytes are not a multiple of three, so the last letter has loose bits.
    const sealed = ring.newest.seal('x', 'bound');
    const bytes = sealedBytes(sealed) as Buffer;
    const others = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
      .map((letter) => sealed.slice(0, -1) + letter)
      .filter((text) => text !== sealed && Buffer.from(text, 'base64url').equals(bytes));
    expect(others.length).toBeGreaterThan(2);
    const spellings = [...others, `${sealed}==`, `${sealed}\n`, `${sealed.slice(0, 9)} ${sealed.slice(9)}`];
    for (const text of spellings) {
      expect(Buffer.from(text, 'base64url').equals(bytes)).toBe(true);
      expect([text, sealedBytes(text)]).toEqual([text, null]);
    }
    const plus = Array.from({ length: 200 }, () => ring.newest.seal('x', 'bound')).find((text) => /[-_]/.test(text)) as string;
    expect(opened(plus, 'bound')).toBe('x');
    expect(sealedBytes(plus.replaceAll('-', '+').replaceAll('_', '/'))).toBeNull();
  });

  test.each(['', 'AQ', 'x'.repeat(60), '1868a90c-0b5e-4a4c-a3e3-8a6b7d1f8a11', 'ü'.repeat(60)])('is never %j', (text) => {
    expect(sealedBytes(text)).toBeNull();
  });
});

describe('the key ring', () => {
  test('the newest key seals, each key opens, and a removed key opens nothing', () => {
    const rotated = createKeyRing([second, first], 'session');
    const old = ring.newest.seal('x', 'bound');
    const young = rotated.newest.seal('x', 'bound');
    expect([opened(old, 'bound', rotated), opened(young, 'bound', rotated)]).toEqual(['x', 'x']);
    expect(opened(young, 'bound', ring)).toBeNull();
    const after = createKeyRing([second], 'session');
    expect([opened(young, 'bound', after), opened(old, 'bound', after)]).toEqual(['x', null]);
  });

  test('neither a ring of another purpose nor the root key opens a sealed text', () => {
    const sealed = ring.newest.seal('x', 'bound');
    expect(opened(sealed, 'bound', createKeyRing([first], 'session'))).toBe('x');
    const other = createKeyRing([first], 'identity');
    expect(opened(sealed, 'bound', other)).toBeNull();
    // Also where the key ids are the same.
    const bytes = sealedBytes(sealed) as Buffer;
    expect(ring.findKey(bytes)?.open(bytes, 'bound')).toBe('x');
    expect(other.newest.open(bytes, 'bound')).toBeNull();
    const open = (key: Buffer): string => {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(5, 17)).setAAD(Buffer.from('bound', 'utf16le'));
      decipher.setAuthTag(bytes.subarray(-16));
      return decipher.update(bytes.subarray(17, -16), undefined, 'utf8') + decipher.final('utf8');
    };
    const root = Buffer.from(first.reveal(), 'base64');
    expect(open(Buffer.from(hkdfSync('sha256', root, '', 'portcullis session key', 32)))).toBe('x');
    expect(() => open(root)).toThrow();
  });

  test('the keyed hash of a secret depends on key and purpose, and hides the secret', () => {
    const hash = ring.newest.keyedHash('Token l-0123456789');
    expect(hash).toMatch(/^[\w-]{43}$/);
    expect(createKeyRing([first, second], 'session').newest.keyedHash('Token l-0123456789')).toBe(hash);
    expect(ring.newest.keyedHash('Token l-0123456780')).not.toBe(hash);
    expect(createKeyRing([second], 'session').newest.keyedHash('Token l-0123456789')).not.toBe(hash);
    expect(createKeyRing([first], 'identity').newest.keyedHash('Token l-0123456789')).not.toBe(hash);
  });

  test('needs a key', () => expect(() => createKeyRing([], 'session')).toThrow('at least one key'));
});
