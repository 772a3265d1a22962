// Decides whether an object names something twice, as any reader would see it: with escapes, and in other letters for readers that ignore
// case. In core for the reason that json-reader.ts is. Never decides what a name means.
import { JsonReader } from './json-reader.js';

/**
 * Members of one object whose names are compared, and bytes of one such name as written; more are a flaw. Comparing costs memory and time
 * for each name, before anybody knows what the caller may do; no message of MCP comes near these numbers.
 */
const MAX_NAMES = 100;
const MAX_NAME_BYTES = 256;
/** What comparing all names of one message may cost: so much for each, and each byte of those that are not written in plain ASCII. */
const NAME_COST = 8;
const MAX_COST = 1024 * 1024;

const ASCII = /^[\0-\x7f]*$/;
const DOTTED = /i\u0307+/g;

/**
 * One spelling for all that some reader takes for the same: by lower case, by upper case (the long s, dotless i), by case folding (the
 * kelvin sign, sharp s), letter for letter (the I with a dot). Stricter than each of them.
 */
export function fold(name: string): string {
  const lower = name.toLowerCase();
  return ASCII.test(name) ? lower : lower.toUpperCase().toLowerCase().replace(DOTTED, 'i');
}

/** Member names that the caller wants to be told of, by index. */
export interface KnownNames {
  readonly bytes: readonly Buffer[];
  readonly folded: ReadonlySet<string>;
}

export const knownNames = (...list: string[]): KnownNames => ({
  bytes: list.map((name) => Buffer.from(name)),
  folded: new Set(list.map(fold)),
});

/** The names met so far in one object. */
export interface SeenNames {
  /** A bit for each wanted name. */
  known: number;
  /** The others, folded. */
  others: Set<string> | null;
}

export class DuplicateKeyReader extends JsonReader {
  private cost = 0;

  /** Like `memberName` where some names matter: the index of the name in `wanted`, or -1. Of repetitions the first counts. */
  knownName(wanted: KnownNames, seen: SeenNames): number {
    this.memberName();
    const index = this.lastHadEscape ? -1 : this.indexIn(wanted);
    if (index < 0) {
      // What is refused anyway is not worth the work.
      if (this.flaw === null) this.compare(wanted, seen);
      return -1;
    }
    if (seen.known & (1 << index)) {
      this.invalid('a name stands twice');
      return -1;
    }
    seen.known |= 1 << index;
    return index;
  }

  private compare(wanted: KnownNames, seen: SeenNames): void {
    seen.others ??= new Set();
    if (seen.others.size >= MAX_NAMES || this.lastByteLength > MAX_NAME_BYTES) {
      this.invalid('too many names, or too long a name');
      return;
    }
    const name = this.lastText();
    this.cost += name.length === this.lastByteLength ? NAME_COST : NAME_COST + this.lastByteLength;
    if (this.cost > MAX_COST) {
      this.invalid('too many names');
      return;
    }
    if (this.isAmbiguous(name)) this.invalid('a name has a NUL or half a surrogate pair');
    const folded = fold(name);
    // Also a known name written with escapes or in other letters: another reader may take it for the known one.
    if (wanted.folded.has(folded) || seen.others.has(folded))
      this.invalid('a name stands twice, or in another spelling');
    seen.others.add(folded);
  }

  private indexIn({ bytes }: KnownNames): number {
    for (let i = 0; i < bytes.length; i++) if (this.lastIs(bytes[i] as Buffer)) return i;
    return -1;
  }
}
