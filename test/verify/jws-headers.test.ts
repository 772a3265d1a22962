// The headers that the gateway remembers: few, short, and without the tokens that they came in.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { shapeOf } from '../../src/verify/jws.js';

/** The numbers that `REMEMBERED` and `REMEMBERED_CHARACTERS` of the module have. */
const REMEMBERED = 64;
const CHARACTERS = 256;

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
let made = 0;
/** A header that no other test has, whose part of a token has this length. */
function ofLength(length: number): string {
  const header = (filler: number): string => part({ alg: 'RS256', at: made, filler: 'x'.repeat(filler) });
  made++;
  let filler = 0;
  while (header(filler).length < length) filler++;
  return header(filler);
}
/** The object for the header of a token: the same one where it was remembered. */
function headerOf(header: string, rest = 'e30.c2ln'): object {
  const shape = shapeOf(`${header}.${rest}`);
  return shape.kind === 'jws' ? shape.header : expect.fail(shape.kind);
}
function isRemembered(header: string): boolean {
  const first = headerOf(header);
  return headerOf(header) === first;
}

setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;
function used(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('a remembered header', () => {
  test('is that of each token that begins with it', () => {
    const header = ofLength(60);
    expect(headerOf(header, 'e30.c2ln')).toBe(headerOf(header, 'eyJhIjoxfQ.YWJj'));
    expect(headerOf(header)).toMatchObject({ alg: 'RS256' });
    expect(headerOf(ofLength(60))).not.toEqual(headerOf(header));
  });

  test('has at most 256 characters', () => {
    const [fits, long] = [ofLength(CHARACTERS), ofLength(CHARACTERS + 2)];
    expect([fits.length, isRemembered(fits), long.length, isRemembered(long)]).toEqual([256, true, 258, false]);
  });

  test('is one of 64: a caller with more of them makes the gateway read each again', () => {
    const first = ofLength(60);
    const before = headerOf(first);
    for (let i = 0; i < REMEMBERED - 1; i++) headerOf(ofLength(60));
    // Other tests may have left some: they may have gone, and `first` is one of the others.
    for (let i = 0; i < REMEMBERED; i++) headerOf(ofLength(60));
    expect(headerOf(first)).not.toBe(before);
    expect(headerOf(first)).toEqual(before);
  });

  test('that is not one stays opaque when it comes again', () => {
    for (const wrong of [part({ typ: 'JWT' }), part(['x'.repeat(30)]), Buffer.from('{ no JSON at all').toString('base64url')])
      for (let i = 0; i < 3; i++) expect(shapeOf(`${wrong}.e30.c2ln`)).toEqual({ kind: 'opaque' });
  });

  test('named __proto__ changes no other header', () => {
    const evil = Buffer.from('{"alg":"RS256","__proto__":{"kid":"evil"}}').toString('base64url');
    headerOf(evil);
    expect((headerOf(ofLength(60)) as { kid?: unknown }).kid).toBeUndefined();
  });
});

describe('memory that a caller cannot grow:', () => {
  test('10,000 headers, long and short, readable or not, cost no more than 64', () => {
    const send = (count: number): void => {
      for (let i = 0; i < count; i++) {
        headerOf(ofLength(60));
        shapeOf(`${Buffer.from(`{ no JSON ${made++}`).toString('base64url')}.e30.c2ln`);
        if (i % 20 === 0) headerOf(part({ alg: 'RS256', at: made++, filler: 'x'.repeat(4_000) }));
      }
    };
    send(500);
    const before = used();
    send(10_000);
    expect(used() - before).toBeLessThan(1_000_000);
  });
});
