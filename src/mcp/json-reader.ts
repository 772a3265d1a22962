// Reads JSON (RFC 8259) byte by byte and strictly, for requests and for lists in responses.
// duplicate-key-reader.ts rejects repeated member names.
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

/** Deeper nesting fails: it costs every reader stack, and no tool needs it. */
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

/**
 * Half a surrogate pair, which readers replace, or a NUL, at which some readers end. Only escapes
 * can write them.
 */
const AMBIGUOUS = /\p{Surrogate}|\0/u;

/** The closing byte of each open array and object. Readers share it, because `skip` never waits. */
const closers = new Uint8Array(MAX_DEPTH + 1);

/** A class, because each request needs one and its methods are the hottest code of the gateway. */
export class JsonReader {
  protected readonly bytes: Buffer;
  private at = 0;
  private from = 0;
  private to = 0;
  private escaped = false;

  /** The offset of the next byte. */
  get position(): number {
    return this.at;
  }

  /** The text from this offset to `position`. */
  slice(from: number): string {
    return this.bytes.toString('utf8', from, this.at);
  }

  /** True if the last string has an escape. */
  get lastHadEscape(): boolean {
    return this.escaped;
  }

  /** Number of bytes of the last string, without its quotes. */
  get lastByteLength(): number {
    return this.to - this.from;
  }

  /**
   * The first flaw in well-formed JSON. The reader goes on to the end, so that it also finds broken
   * JSON.
   */
  flaw: string | null = null;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Skips white space and returns the next byte. */
  peek(): number {
    this.at = skipSpace(this.bytes, this.at);
    return byteAt(this.bytes, this.at);
  }

  fail(): never {
    throw new InvalidJsonError();
  }

  /** Records a flaw. The first one counts. */
  invalid(detail: string): void {
    this.flaw ??= detail;
  }

  expectByte(byte: number): void {
    if (this.peek() !== byte) this.fail();
    this.at++;
  }

  /** Fails unless only white space follows. */
  end(): void {
    this.peek();
    if (this.at < this.bytes.length) this.fail();
  }

  /** Reads a string: `lastText` and the other `last` members are then about it. */
  readString(): void {
    this.expectByte(QUOTE);
    this.escaped = false;
    this.from = this.at;
    this.at = this.skipString(this.at);
    this.to = this.at - 1;
  }

  /** The offset after the closing quote. `from`: the offset after the opening quote. */
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

  /** The last string, decoded. */
  lastText(): string {
    if (!this.escaped) return this.bytes.toString('utf8', this.from, this.to);
    return JSON.parse(this.bytes.toString('utf8', this.from - 1, this.to + 1)) as string;
  }

  /** True if readers could decode the last string differently. `text`: its `lastText`. */
  isAmbiguous(text: string): boolean {
    return this.escaped && AMBIGUOUS.test(text);
  }

  /** The offset after a member name and its colon. */
  private skipName(from: number): number {
    const bytes = this.bytes;
    let at = skipSpace(bytes, from);
    if (byteAt(bytes, at) !== QUOTE) this.fail();
    at = skipSpace(bytes, this.skipString(at + 1));
    if (byteAt(bytes, at) !== COLON) this.fail();
    return at + 1;
  }

  /**
   * Reads one value of any kind. `depth`: the number of open arrays and objects around it. One loop
   * without recursion, because it runs for every byte of every body.
   */
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
        // In ASCII the closing byte is the opening byte plus 2, for both kinds.
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

  /** Skips the opening byte of an object or array. False: it was empty, and is skipped too. */
  enter(closing: number): boolean {
    this.at++;
    if (this.peek() !== closing) return true;
    this.at++;
    return false;
  }

  /** Skips the byte after a member or element. True for a comma: another one follows. */
  another(closing: number): boolean {
    const byte = this.peek();
    this.at++;
    if (byte === COMMA) return true;
    if (byte !== closing) this.fail();
    return false;
  }

  /** Reads a member name and its colon. The name is then the last string. */
  memberName(): void {
    this.readString();
    this.expectByte(COLON);
  }

  /** True if the last string is written with exactly these bytes. */
  lastIs(expected: Buffer): boolean {
    const length = this.to - this.from;
    if (expected.length !== length) return false;
    let i = 0;
    while (i < length && expected[i] === this.bytes[this.from + i]) i++;
    return i === length;
  }
}
