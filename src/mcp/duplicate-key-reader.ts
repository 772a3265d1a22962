// Reads JSON objects and finds repeated member names, as any reader could see them. Names with
// escapes count, and for readers that ignore case also names in another case.
import { JsonReader } from './json-reader.js';

/**
 * Limits for names that no message of MCP defines: members of one object, and bytes of one name.
 * More are a flaw. The gateway compares such names before it authorizes the message, and each costs
 * memory and time. No usual message comes near these limits.
 */
const MAX_NAMES = 100;
const MAX_NAME_BYTES = 256;
/** The cost of one name. A name that is not plain ASCII costs one more for each byte. */
const NAME_COST = 8;
/** The limit for all names of one message together. */
const MAX_COST = 1024 * 1024;

const ASCII = /^[\0-\x7f]*$/;
const DOTTED = /i\u0307+/g;

/**
 * Returns the same text for all names that some reader takes for equal. Readers compare by lower
 * case, by upper case (long s, dotless i) or by case folding (kelvin sign, sharp s). Others compare
 * letter for letter (I with a dot). This function is stricter than each of them.
 */
export function fold(name: string): string {
  const lower = name.toLowerCase();
  return ASCII.test(name) ? lower : lower.toUpperCase().toLowerCase().replace(DOTTED, 'i');
}

/** The member names that a reader looks for, by index. */
export interface KnownNames {
  readonly bytes: readonly Buffer[];
  readonly folded: ReadonlySet<string>;
}

export const knownNames = (...list: string[]): KnownNames => ({
  bytes: list.map((name) => Buffer.from(name)),
  folded: new Set(list.map(fold)),
});

/** The names read so far in one object. */
export interface SeenNames {
  /** One bit for each known name, by its index. */
  known: number;
  /** All other names, as `fold` returns them. Null: none yet. */
  others: Set<string> | null;
}

export class DuplicateKeyReader extends JsonReader {
  private cost = 0;

  /**
   * Reads a member name and its colon. Returns the index of the name in `known`, or -1. A repeated
   * name is a flaw and returns -1.
   */
  knownName(known: KnownNames, seen: SeenNames): number {
    this.memberName();
    const index = this.lastHadEscape ? -1 : this.indexIn(known);
    if (index < 0) {
      // After a flaw the gateway rejects the message anyway.
      if (this.flaw === null) this.compare(known, seen);
      return -1;
    }
    if (seen.known & (1 << index)) {
      this.invalid('a member name is repeated');
      return -1;
    }
    seen.known |= 1 << index;
    return index;
  }

  private compare(known: KnownNames, seen: SeenNames): void {
    seen.others ??= new Set();
    if (seen.others.size >= MAX_NAMES || this.lastByteLength > MAX_NAME_BYTES) {
      this.invalid('too many names, or a name that is too long');
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
    // This also rejects a known name with escapes or in another case: other readers may accept it.
    if (known.folded.has(folded) || seen.others.has(folded))
      this.invalid('a member name is repeated, perhaps in another spelling');
    seen.others.add(folded);
  }

  private indexIn({ bytes }: KnownNames): number {
    for (let i = 0; i < bytes.length; i++) if (this.lastIs(bytes[i] as Buffer)) return i;
    return -1;
  }
}
