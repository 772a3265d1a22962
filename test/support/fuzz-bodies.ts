// Makes bodies that are messages, nearly messages, or far from it: by a grammar, then damaged. A
// seed and a number give one body.
import {
  BROKEN,
  LETTERS,
  LONG_NUMBERS,
  LOOKS,
  META,
  METHODS,
  NO_NUMBERS,
  NO_SPACE,
  NO_UTF8,
  NO_VALUES,
  NUMBERS,
  PARAMS,
  type Pair,
  PIECES,
  SPACE,
  TEXTS,
  TOP,
} from './fuzz-words.js';

/** A small generator of numbers (splitmix32), so that every body can be repeated. */
export type Chance = {
  /** A whole number from 0, below the limit. */
  below: (limit: number) => number;
  /** True in this many of a hundred cases. */
  in100: (cases: number) => boolean;
  pick: <T>(list: readonly T[]) => T;
};

export function chance(seed: number, number: number): Chance {
  let state = (Math.imul(seed, 0x9e37_79b1) ^ Math.imul(number + 1, 0x85eb_ca6b)) | 0;
  const below = (limit: number): number => {
    state = (state + 0x9e37_79b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0_aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) % limit;
  };
  return {
    below,
    in100: (cases) => below(100) < cases,
    pick: (list) => list[below(list.length)] as (typeof list)[number],
  };
}

class Author {
  private readonly c: Chance;
  constructor(c: Chance) {
    this.c = c;
  }

  space(): string {
    return this.c.below(2_000) === 0 ? this.c.pick(NO_SPACE) : this.c.pick(SPACE);
  }

  /** A JSON string, with some letters escaped and some flawed. */
  quoted(text: string): string {
    const { c } = this;
    let inner = JSON.stringify(text).slice(1, -1);
    if (c.in100(2) && text.length > 0) {
      const at = c.below(text.length);
      const hex = text.charCodeAt(at).toString(16).padStart(4, '0');
      const escaped = `\\u${c.in100(50) ? hex.toUpperCase() : hex}`;
      inner = JSON.stringify(text.slice(0, at)).slice(1, -1) + escaped + JSON.stringify(text.slice(at + 1)).slice(1, -1);
    }
    if (c.below(200) === 0) inner += c.pick(BROKEN);
    return `"${inner}"`;
  }

  /** A name, sometimes in another spelling. */
  name(name: string): string {
    const { c } = this;
    if (!c.in100(2)) return this.quoted(name);
    if (c.in100(40)) return this.quoted(c.in100(50) ? name.toUpperCase() : name.slice(0, 1).toUpperCase() + name.slice(1));
    const [letter, look] = c.pick(LOOKS);
    if (c.in100(60) && name.includes(letter)) return this.quoted(name.replace(letter, look));
    return this.quoted(c.in100(50) ? c.pick(LETTERS) : name + c.pick(['\u200b', ' ', '\u0307', 's', '\u0345']));
  }

  object(pairs: readonly Pair[]): string {
    const members = pairs.map(([name, value]) => `${this.space()}${name}${this.space()}:${this.space()}${value}${this.space()}`);
    return `{${members.join(',') || this.space()}}`;
  }

  text(): string {
    return this.quoted(this.c.pick(TEXTS) + (this.c.below(1_000) === 0 ? 'long '.repeat(2_000) : ''));
  }

  value(levels: number): string {
    const { c } = this;
    const kind = c.below(levels > 0 ? 8 : 5);
    if (c.below(400) === 0) return c.pick([...NO_NUMBERS, ...NO_VALUES]);
    if (kind === 0) return c.pick(NUMBERS);
    if (kind === 1) return c.pick(['true', 'false', 'null']);
    if (kind < 4) return this.text();
    if (kind === 4) return c.in100(10) ? c.pick(LONG_NUMBERS) : c.pick(['{}', '[]']);
    if (kind === 5) return `[${Array.from({ length: c.below(4) }, () => this.space() + this.value(levels - 1)).join()}]`;
    const names = c.in100(30) ? [...TOP, ...PARAMS] : ['a', 'b', 'A', 'x', '__proto__'];
    return this.object(Array.from({ length: c.below(4) }, (): Pair => [this.name(c.pick(names)), this.value(levels - 1)]));
  }

  nested(): string {
    const { c } = this;
    const levels = c.in100(90) ? 110 + c.below(30) : 1_000;
    const [open, close] = c.pick([
      ['[', ']'],
      ['{"":', '}'],
      ['[{"a":', '}]'],
    ] as const);
    return open.repeat(levels) + c.pick(['1', '[]', '{}']) + close.repeat(levels);
  }

  /** Adds unexpected members, in any place. */
  spoiled(pairs: Pair[], names: readonly string[]): Pair[] {
    const { c } = this;
    if (c.in100(12)) pairs.splice(c.below(pairs.length + 1), 0, [this.name(c.pick(names)), this.value(2)]);
    if (c.in100(3) && pairs.length > 0) pairs.splice(c.below(pairs.length + 1), 0, [c.pick(pairs)[0], this.value(1)]);
    if (c.below(300) === 0) for (let i = 95 + c.below(10); i > 0; i--) pairs.push([`"n${i}"`, '0']);
    if (c.below(300) === 0)
      pairs.push([`"${c.pick(['x', 'é', '\\n']).repeat(120 + c.below(20))}${'y'.repeat(c.below(140))}"`, '0']);
    if (c.in100(3) && pairs.length > 0) pairs.splice(c.below(pairs.length), 1);
    if (c.in100(15)) for (let i = pairs.length - 1; i > 0; i--) pairs.push(...pairs.splice(c.below(i + 1), 1));
    return pairs;
  }

  id(): string {
    const { c } = this;
    if (c.in100(92)) return c.in100(60) ? String(c.below(1_000_000)) : this.quoted(`id-${c.below(1_000)}`);
    if (c.below(100) === 0) return `"${'i'.repeat(10_000)}"`;
    return c.pick([...NUMBERS, ...LONG_NUMBERS, 'null', 'true', '{}', '[]', '""', '"1"']);
  }

  meta(): string {
    const { c } = this;
    if (c.in100(2)) return this.value(1);
    const version = c.in100(90)
      ? '"2026-07-28"'
      : c.in100(50)
        ? c.pick(['"2025-11-25"', '"zzzz"', '"2026-07-28 "'])
        : this.value(1);
    const pairs: Pair[] = [
      [this.name(META[0] as string), version],
      [this.name(META[1] as string), c.in100(95) ? this.value(1).replace(/^[^{].*$/s, '{}') : this.value(1)],
    ];
    if (c.in100(30)) pairs.push([this.name(c.pick(META)), this.value(2)]);
    return this.object(this.spoiled(pairs, META));
  }

  params(method: string, modern: boolean): string {
    const { c } = this;
    const pairs: Pair[] = [];
    const by = method === 'resources/read' ? 'uri' : method.startsWith('tasks/') ? 'taskId' : 'name';
    if (c.in100(80)) pairs.push([this.name(by), c.in100(95) ? this.text() : this.value(1)]);
    if (c.in100(60)) pairs.push([this.name('arguments'), c.below(200) === 0 ? this.nested() : this.value(4)]);
    if (modern) pairs.push([this.name('_meta'), this.meta()]);
    else if (c.in100(20)) pairs.push([this.name('_meta'), this.object([[this.name('progressToken'), this.value(0)]])]);
    return this.object(this.spoiled(pairs, PARAMS));
  }

  message(modern: boolean): string {
    const { c } = this;
    const pairs: Pair[] = [[this.name('jsonrpc'), c.in100(98) ? '"2.0"' : this.value(1)]];
    if (c.in100(85)) pairs.push([this.name('id'), this.id()]);
    const answer = c.in100(6);
    const method = c.pick(METHODS);
    if (answer) pairs.push([this.name(c.pick(['result', 'error'])), this.value(3)]);
    else pairs.push([this.name('method'), c.in100(97) ? this.quoted(method) : this.value(1)]);
    if (!answer && c.in100(90)) pairs.push([this.name('params'), c.in100(98) ? this.params(method, modern) : this.value(2)]);
    return this.space() + this.object(this.spoiled(pairs, TOP)) + this.space();
  }

  body(): string {
    const { c } = this;
    if (c.in100(2)) return c.in100(20) ? this.nested() : this.value(4);
    if (!c.in100(10)) return this.message(c.in100(55));
    // A long batch of different messages would hardly ever be valid.
    if (c.in100(10))
      return `[${Array(30 + c.below(5))
        .fill(this.message(c.in100(10)))
        .join()}]`;
    const modern = c.in100(10);
    const one = (): string => (c.below(40) === 0 ? this.value(2) : this.message(modern));
    return `${this.space()}[${Array.from({ length: c.below(4) }, one).join()}]`;
  }
}

function damaged(bytes: Buffer, other: () => Buffer, c: Chance): Buffer {
  const at = c.below(bytes.length + 1);
  const [before, behind] = [bytes.subarray(0, at), bytes.subarray(at)];
  const join = (...parts: (Buffer | string)[]): Buffer =>
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  switch (c.below(10)) {
    case 0: {
      const flipped = Buffer.from(bytes);
      if (at < flipped.length) flipped[at] = (flipped[at] as number) ^ (1 << c.below(8));
      return flipped;
    }
    case 1:
      return before;
    case 2:
      return join(before, behind.subarray(1 + c.below(3)));
    case 3:
      return join(before, Buffer.from(c.pick(NO_UTF8)), behind);
    case 4:
      return join(before, String.fromCharCode(c.below(33)), behind);
    case 5: {
      const tail = other();
      return join(before, tail.subarray(c.below(tail.length + 1)));
    }
    case 6:
      return join(before, bytes.subarray(c.below(at + 1), at), behind);
    case 7:
      return c.in100(20)
        ? join('\ufeff', bytes)
        : c.in100(5)
          ? Buffer.from(bytes.toString(), 'utf16le')
          : join(bytes, c.pick(SPACE), c.pick(PIECES));
    default:
      return join(before, c.pick(PIECES), behind);
  }
}

/** The body of this number. */
export function fuzzBody(seed: number, number: number): Buffer {
  const c = chance(seed, number);
  const author = new Author(c);
  const fresh = (): Buffer => Buffer.from(author.body());
  let bytes = fresh();
  if (c.in100(35)) for (let rounds = 1 + c.below(3); rounds > 0; rounds--) bytes = damaged(bytes, fresh, c);
  return bytes;
}
