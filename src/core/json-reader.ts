// Decides what is JSON (RFC 8259), byte by byte and nothing looser, and whether an object names something twice, also under case folding.
// Never decides what a message means.

/** Deeper nesting is refused: it costs every reader stack, and no tool needs it. */
const MAX_DEPTH = 128;

/** Names of one object that decides something; more are a flaw. */
const MAX_NAMES = 1_000;

/** Thrown at the first byte that is not JSON; caught where the reading was started. */
export class Unreadable extends Error {}

/** Member names that the caller wants to be told of, by index. */
export interface Names {
  readonly bytes: readonly Buffer[];
  readonly folded: ReadonlySet<string>;
}

/** Upper first: the long s and the kelvin sign fold onto ASCII letters for readers that ignore case. */
const fold = (name: string): string => name.toUpperCase().toLowerCase();

export const names = (...list: string[]): Names => ({
  bytes: list.map((name) => Buffer.from(name)),
  folded: new Set(list.map(fold)),
});

/** The names met so far in one object. */
export interface Seen {
  /** A bit for each wanted name. */
  wanted: number;
  /** The others, folded. */
  others: Set<string> | null;
}

export const QUOTE = 0x22;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;
export const OPEN_ARRAY = 0x5b;
export const CLOSE_ARRAY = 0x5d;
const BACKSLASH = 0x5c;
const ESCAPED = new Set([...Buffer.from('"\\/bfnrt')]);

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;
const isHex = (byte: number | undefined): boolean =>
  isDigit(byte) || (byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);

/** Half a surrogate pair or a NUL: readers replace the one and end at the other. Only escapes can bring them. */
const AMBIGUOUS = /\p{Surrogate}|\0/u;

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

  /** The first flaw in well-formed JSON; reading goes on to the end all the same, so that broken JSON is told as such. */
  flaw: string | null = null;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** The next byte that is no white space, or -1. */
  peek(): number {
    const bytes = this.bytes;
    let at = this.at;
    let byte = bytes[at];
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++at];
    this.at = at;
    return byte ?? -1;
  }

  fail(): never {
    throw new Unreadable();
  }

  invalid(detail: string): void {
    this.flaw ??= detail;
  }

  take(byte: number): void {
    if (this.peek() !== byte) this.fail();
    this.at++;
  }

  end(): void {
    if (this.peek() !== -1) this.fail();
  }

  /** Reads a string; its bytes are then from..to, without the quotes. */
  string(): void {
    this.take(QUOTE);
    const bytes = this.bytes;
    let at = this.at;
    this.from = at;
    this.escaped = false;
    for (;;) {
      const byte = bytes[at];
      if (byte === QUOTE) break;
      if (byte === undefined || byte < 0x20) this.fail();
      if (byte !== BACKSLASH) {
        at++;
        continue;
      }
      this.escaped = true;
      const escaped = bytes[at + 1];
      if (escaped === 0x75) {
        for (let i = 2; i < 6; i++) if (!isHex(bytes[at + i])) this.fail();
        at += 6;
      } else if (escaped !== undefined && ESCAPED.has(escaped)) at += 2;
      else this.fail();
    }
    this.to = at;
    this.at = at + 1;
  }

  /** The string read last, decoded. */
  text(): string {
    if (!this.escaped) return this.bytes.toString('utf8', this.from, this.to);
    return JSON.parse(this.bytes.toString('utf8', this.from - 1, this.to + 1)) as string;
  }

  /** Whether readers may differ about the string read last, of which this is the text. */
  isAmbiguous(text: string): boolean {
    return this.escaped && AMBIGUOUS.test(text);
  }

  number(): void {
    const bytes = this.bytes;
    let at = this.at;
    if (bytes[at] === 0x2d) at++;
    if (!isDigit(bytes[at])) this.fail();
    if (bytes[at] === 0x30) at++;
    else while (isDigit(bytes[at])) at++;
    if (bytes[at] === 0x2e) {
      if (!isDigit(bytes[++at])) this.fail();
      while (isDigit(bytes[at])) at++;
    }
    if (((bytes[at] ?? 0) | 0x20) === 0x65) {
      at++;
      if (bytes[at] === 0x2b || bytes[at] === 0x2d) at++;
      if (!isDigit(bytes[at])) this.fail();
      while (isDigit(bytes[at])) at++;
    }
    this.at = at;
  }

  literal(word: string): void {
    if (this.bytes.toString('latin1', this.at, this.at + word.length) !== word) this.fail();
    this.at += word.length;
  }

  /** Reads one value of any kind. Loops, not callbacks: this runs for every byte of every body. */
  skip(depth: number): void {
    if (depth > MAX_DEPTH) this.fail();
    const byte = this.peek();
    if (byte === QUOTE) this.string();
    else if (byte === OPEN_OBJECT) {
      if (this.enter(CLOSE_OBJECT)) {
        do {
          this.memberName();
          this.skip(depth + 1);
        } while (this.another(CLOSE_OBJECT));
      }
    } else if (byte === OPEN_ARRAY) {
      if (this.enter(CLOSE_ARRAY)) {
        do this.skip(depth + 1);
        while (this.another(CLOSE_ARRAY));
      }
    } else if (byte === 0x74) this.literal('true');
    else if (byte === 0x66) this.literal('false');
    else if (byte === 0x6e) this.literal('null');
    else this.number();
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
    if (byte === 0x2c) return true;
    if (byte !== closing) this.fail();
    return false;
  }

  /** Reads a member's name and its colon; the name's bytes are then from..to. */
  memberName(): void {
    this.string();
    this.take(0x3a);
  }

  /** Like `memberName` where some names matter: the index of the name in `wanted`, or -1. Repetitions are a flaw. */
  wantedName(wanted: Names, seen: Seen): number {
    this.memberName();
    const index = this.escaped ? -1 : this.indexIn(wanted);
    if (index >= 0) {
      if (seen.wanted & (1 << index)) this.invalid('a name stands twice');
      seen.wanted |= 1 << index;
      return index;
    }
    const folded = fold(this.text());
    seen.others ??= new Set();
    if (seen.others.size >= MAX_NAMES || folded.includes('\0')) this.invalid('too many names, or a NUL in one');
    // Also a known name written with escapes or in other letters: another reader may take it for the known one.
    if (wanted.folded.has(folded) || seen.others.has(folded)) this.invalid('a name stands twice, or in another spelling');
    if (seen.others.size < MAX_NAMES) seen.others.add(folded);
    return -1;
  }

  /** Whether the string read last has these very bytes. */
  lastIs(expected: Buffer): boolean {
    const length = this.to - this.from;
    if (expected.length !== length) return false;
    let i = 0;
    while (i < length && expected[i] === this.bytes[this.from + i]) i++;
    return i === length;
  }

  private indexIn({ bytes }: Names): number {
    for (let i = 0; i < bytes.length; i++) if (this.lastIs(bytes[i] as Buffer)) return i;
    return -1;
  }
}
