// Decides what is left of the lists in a message of the upstream. What the caller may not use is cut out of the very bytes, so that all
// else stays as it was written (B-26, B-27, B-62). What two readers could take for two lists is unreadable. Never decides who may use what.
import { isUtf8 } from 'node:buffer';
import type { Era } from '../core/message.js';
import { DuplicateKeyReader, knownNames, type SeenNames } from '../mcp/duplicate-key-reader.js';
import { CLOSE_ARRAY, CLOSE_OBJECT, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from '../mcp/json-reader.js';
import { InvalidJsonError } from '../mcp/json-tokens.js';
import { ENTRY_NAMES, type ListMember, type ListView } from '../mcp/lists.js';

/** `bytes` is the very buffer that was given where nothing had to change. */
export type Filtered =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly detail: string };

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly bytes: Buffer;
}

const MEMBERS = Object.keys(ENTRY_NAMES) as ListMember[];
const TOP = knownNames('result');
const RESULT = knownNames('cacheScope', ...MEMBERS);
const ENTRY = new Map(MEMBERS.map((member) => [member, knownNames(ENTRY_NAMES[member])]));

/**
 * Names of one message that are judged, in characters: each is written in several ways before. Others than ASCII cost more to write, and
 * short ones as much as these. Nobody else is served meanwhile; longer lists come in pages.
 */
export const NAME_CHARACTERS = 256 * 1024;
const BEYOND_ASCII = 8;
const SHORT_NAME = 32;

const COMMA = Buffer.from(',');
const PRIVATE = Buffer.from('"private"');
const SCOPE_MEMBER = Buffer.from(',"cacheScope":"private"');

class ListReader extends DuplicateKeyReader {
  private readonly listing: ListView;
  private readonly era: Era;
  private readonly edits: Edit[] = [];
  private characters = 0;

  constructor(bytes: Buffer, listing: ListView, era: Era) {
    super(bytes);
    this.listing = listing;
    this.era = era;
  }

  message(): void {
    if (this.peek() !== OPEN_OBJECT) this.fail();
    if (!this.enter(CLOSE_OBJECT)) return;
    const seen: SeenNames = { known: 0, others: null };
    do {
      if (this.knownName(TOP, seen) === 0 && this.peek() === OPEN_OBJECT) this.result();
      else this.skip(1);
    } while (this.another(CLOSE_OBJECT));
  }

  filtered(): Buffer {
    const { bytes, edits } = this;
    if (edits.length === 0) return bytes;
    const pieces: Buffer[] = [];
    let at = 0;
    for (const edit of edits.sort((a, b) => a.from - b.from)) {
      pieces.push(bytes.subarray(at, edit.from), edit.bytes);
      at = edit.to;
    }
    pieces.push(bytes.subarray(at));
    return Buffer.concat(pieces);
  }

  private result(): void {
    if (!this.enter(CLOSE_OBJECT)) return;
    const seen: SeenNames = { known: 0, others: null };
    let scope: Edit | null = null;
    let filters = false;
    do {
      const index = this.knownName(RESULT, seen);
      const member = MEMBERS[index - 1];
      if (index === 0) scope = this.scope();
      else if (member !== undefined && this.listing.members.includes(member)) {
        filters = true;
        this.list(member);
      } else this.skip(2);
    } while (this.another(CLOSE_OBJECT));
    if (!filters) return;
    // On every page, also where nothing was cut: for another caller something is (B-106).
    if (scope !== null) this.edits.push(scope);
    else if (this.era === 'modern') {
      const end = this.position - 1;
      this.edits.push({ from: end, to: end, bytes: SCOPE_MEMBER });
    }
  }

  private scope(): Edit {
    this.peek();
    const from = this.position;
    this.skip(2);
    return { from, to: this.position, bytes: PRIVATE };
  }

  private list(member: ListMember): void {
    if (this.peek() !== OPEN_ARRAY) {
      const from = this.position;
      this.skip(2);
      // Some servers write an empty list so.
      if (this.slice(from) !== 'null') this.invalid(`${member} is no array`);
      return;
    }
    if (!this.enter(CLOSE_ARRAY)) return;
    this.peek();
    const from = this.position;
    let to = from;
    let cut = false;
    const kept: Buffer[] = [];
    do {
      this.peek();
      const start = this.position;
      const name = this.entry(member);
      to = this.position;
      if (name !== null && this.mayUse(member, name))
        kept.push(COMMA, this.bytes.subarray(start, to));
      else cut = true;
    } while (this.another(CLOSE_ARRAY));
    if (cut) this.edits.push({ from, to, bytes: Buffer.concat(kept.slice(1)) });
  }

  private mayUse(member: ListMember, name: string): boolean {
    // What is refused anyway is not worth the work.
    if (this.flaw !== null) this.fail();
    const each = Buffer.byteLength(name) === name.length ? 1 : BEYOND_ASCII;
    this.characters += Math.max(SHORT_NAME, name.length * each);
    if (this.characters <= NAME_CHARACTERS) return this.listing.mayUse(member, name);
    this.invalid(`more than ${NAME_CHARACTERS} characters of names`);
    return this.fail();
  }

  /** What the entry is called, or null where no call can name it. */
  private entry(member: ListMember): string | null {
    if (this.peek() !== OPEN_OBJECT) {
      this.skip(3);
      return null;
    }
    if (!this.enter(CLOSE_OBJECT)) return null;
    const wanted = ENTRY.get(member) as ReturnType<typeof knownNames>;
    const seen: SeenNames = { known: 0, others: null };
    let name: string | null = null;
    do {
      if (this.knownName(wanted, seen) === 0 && this.peek() === QUOTE) {
        this.readString();
        const text = this.lastText();
        name = this.isAmbiguous(text) ? null : text;
      } else this.skip(4);
    } while (this.another(CLOSE_OBJECT));
    return name;
  }
}

/** Filters one message, or a batch of them; `era` is that of the request. Requests, notifications and errors pass as they are. */
export function filterLists(bytes: Buffer, listing: ListView, era: Era): Filtered {
  if (!isUtf8(bytes)) return { ok: false, detail: 'not UTF-8' };
  const reader = new ListReader(bytes, listing, era);
  try {
    if (reader.peek() !== OPEN_ARRAY) reader.message();
    else if (reader.enter(CLOSE_ARRAY)) {
      do reader.message();
      while (reader.another(CLOSE_ARRAY));
    }
    reader.end();
  } catch (error) {
    if (error instanceof InvalidJsonError)
      return { ok: false, detail: reader.flaw ?? 'not JSON-RPC, or nested too deeply' };
    throw error;
  }
  return reader.flaw === null
    ? { ok: true, bytes: reader.filtered() }
    : { ok: false, detail: reader.flaw };
}
