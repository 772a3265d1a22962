// Decides what is JSON (RFC 8259), byte by byte and nothing looser. In core, because authorize/ reads requests by it and proxy/ lists in answers.
// Never decides what a message means, nor whether a name may stand twice.
import {
  byteAt,
  FALSE,
  InvalidJsonError,
  isHex,
  NULL,
  skipLiteral,
  skipNumber,
  skipSpace,
  TRUE,
} from './json-tokens.js';

/** Deeper nesting is refused: it costs every reader stack, and no tool needs it. */
const MAX_DEPTH = 128;

export const QUOTE = 0x22;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;
export const OPEN_ARRAY = 0x5b;
export const CLOSE_ARRAY = 0x5d;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const ESCAPED = new Set([...Buffer.from('"\\/bfnrt')]);

/** Half a surrogate pair or a NUL: readers replace the one and end at the other. Only escapes can bring them. */
const AMBIGUOUS = /\p{Surrogate}|\0/u;

/** What closes each array and object that is open. One for all: nobody else reads while a value is read. */
const closers = new Uint8Array(MAX_DEPTH + 1);

/** A class, because one is made per request and its methods are the hottest code of the gateway. */
export class JsonReader {
  protected readonly bytes: Buffer;
  private at = 0;
  private from = 0;
  private to = 0;
  private escaped = false;

  /** Where the reader stands, for slices of what was read. */
  get position(): number {
    return this.at;
  }

  /** The text from there to where the reader stands. */
  slice(from: number): string {
    return this.bytes.toString('utf8', from, this.at);
  }

  get lastHadEscape(): boolean {
    return this.escaped;
  }

  /** The bytes that the string read last takes, without its quotes. */
  get lastByteLength(): number {
    return this.to - this.from;
  }

  /** The first flaw in well-formed JSON; reading goes on to the end all the same, so that broken JSON is told as such. */
  flaw: string | null = null;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** The next byte that is no white space. */
  peek(): number {
    this.at = skipSpace(this.bytes, this.at);
    return byteAt(this.bytes, this.at);
  }

  fail(): never {
    throw new InvalidJsonError();
  }

  invalid(detail: string): void {
    this.flaw ??= detail;
  }

  expectByte(byte: number): void {
    if (this.peek() !== byte) this.fail();
    this.at++;
  }

  end(): void {
    this.peek();
    if (this.at < this.bytes.length) this.fail();
  }

  /** Reads a string; its bytes are then from..to, without the quotes. */
  readString(): void {
    this.expectByte(QUOTE);
    this.escaped = false;
    this.from = this.at;
    this.at = this.skipString(this.at);
    this.to = this.at - 1;
  }

  /** Where a string ends, of which the quote was stepped over. */
  private skipString(from: number): number {
    const bytes = this.bytes;
    let at = from;
    for (;;) {
      const byte = byteAt(bytes, at);
      if (byte === QUOTE) return at + 1;
      if (byte < 0x20) this.fail();
      if (byte !== BACKSLASH) {
        at++;
        continue;
      }
      this.escaped = true;
      const escaped = byteAt(bytes, at + 1);
      if (escaped === 0x75) {
        for (let i = 2; i < 6; i++) if (!isHex(byteAt(bytes, at + i))) this.fail();
        at += 6;
      } else if (ESCAPED.has(escaped)) at += 2;
      else this.fail();
    }
  }

  /** The string read last, decoded. */
  lastText(): string {
    if (!this.escaped) return this.bytes.toString('utf8', this.from, this.to);
    return JSON.parse(this.bytes.toString('utf8', this.from - 1, this.to + 1)) as string;
  }

  /** Whether readers may differ about the string read last, of which this is the text. */
  isAmbiguous(text: string): boolean {
    return this.escaped && AMBIGUOUS.test(text);
  }

  /** Where a member's name ends, with its colon. */
  private skipName(from: number): number {
    const bytes = this.bytes;
    let at = skipSpace(bytes, from);
    if (byteAt(bytes, at) !== QUOTE) this.fail();
    at = skipSpace(bytes, this.skipString(at + 1));
    if (byteAt(bytes, at) !== COLON) this.fail();
    return at + 1;
  }

  /** Reads one value of any kind that stands at this depth. One loop, no recursion: this runs for every byte of every body. */
  skip(depth: number): void {
    const bytes = this.bytes;
    let at = this.at;
    let level = depth;
    for (;;) {
      if (level > MAX_DEPTH) this.fail();
      at = skipSpace(bytes, at);
      const byte = byteAt(bytes, at);
      if (byte === QUOTE) at = this.skipString(at + 1);
      else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        // In ASCII it is two behind the opening one, for both.
        const closing = byte + 2;
        at = skipSpace(bytes, at + 1);
        if (byteAt(bytes, at) !== closing) {
          closers[level++] = closing;
          if (closing === CLOSE_OBJECT) at = this.skipName(at);
          continue;
        }
        at++;
      } else if (byte === 0x74) at = skipLiteral(bytes, at, TRUE);
      else if (byte === 0x66) at = skipLiteral(bytes, at, FALSE);
      else if (byte === 0x6e) at = skipLiteral(bytes, at, NULL);
      else at = skipNumber(bytes, at);
      for (; level > depth; level--) {
        const closing = closers[level - 1];
        at = skipSpace(bytes, at);
        const next = byteAt(bytes, at++);
        if (next === COMMA) {
          if (closing === CLOSE_OBJECT) at = this.skipName(at);
          break;
        }
        if (next !== closing) this.fail();
      }
      if (level === depth) break;
    }
    this.at = at;
  }

  /** Steps over the opening byte of an object or array; false where it is empty, which is then behind the reader. */
  enter(closing: number): boolean {
    this.at++;
    if (this.peek() !== closing) return true;
    this.at++;
    return false;
  }

  /** After a member or element: true where a comma announces another, false where the end was stepped over. */
  another(closing: number): boolean {
    const byte = this.peek();
    this.at++;
    if (byte === COMMA) return true;
    if (byte !== closing) this.fail();
    return false;
  }

  /** Reads a member's name and its colon; the name's bytes are then from..to. */
  memberName(): void {
    this.readString();
    this.expectByte(COLON);
  }

  /** Whether the string read last has these very bytes. */
  lastIs(expected: Buffer): boolean {
    const length = this.to - this.from;
    if (expected.length !== length) return false;
    let i = 0;
    while (i < length && expected[i] === this.bytes[this.from + i]) i++;
    return i === length;
  }
}
