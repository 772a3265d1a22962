// Filters the lists in a message of the upstream. It cuts the entries that the caller may not use
// out of the bytes, so all other bytes stay unchanged (B-26, B-27, B-62: unchanged forwarding). It
// rejects messages that two clients could read as different lists.
import { isUtf8 } from 'node:buffer';
import type { Era } from '../core/message.js';
import { DuplicateKeyReader, knownNames, type SeenNames } from '../mcp/duplicate-key-reader.js';
import { CLOSE_ARRAY, CLOSE_OBJECT, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from '../mcp/json-reader.js';
import { InvalidJsonError } from '../mcp/json-tokens.js';
import { ENTRY_NAMES, type ListMember, type ListView } from '../mcp/lists.js';

/** `bytes` is the given buffer itself where nothing changed. `detail`: the reason in words. */
export type FilterResult =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly detail: string };

/** Replaces the bytes `from` to `to` (exclusive). */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly bytes: Buffer;
}

const MEMBERS = Object.keys(ENTRY_NAMES) as ListMember[];
const TOP = knownNames('result');
const RESULT = knownNames('cacheScope', ...MEMBERS);
/** `result` comes after the lists. */
const RESULT_OF_TASK = knownNames('cacheScope', ...MEMBERS, 'result');
const ENTRY = new Map(MEMBERS.map((member) => [member, knownNames(ENTRY_NAMES[member])]));

/**
 * The names that one message may have, in characters. To authorize a name, the gateway compares
 * several spellings of it, and other callers wait meanwhile. A name beyond ASCII costs more, and a
 * short one has a minimum cost. Longer lists come in pages.
 */
export const MAX_NAME_CHARACTERS = 256 * 1024;
const NON_ASCII_COST = 8;
const MIN_NAME_COST = 32;

const COMMA = Buffer.from(',');
const PRIVATE = Buffer.from('"private"');
const SCOPE_MEMBER = Buffer.from(',"cacheScope":"private"');

class ListReader extends DuplicateKeyReader {
  private readonly view: ListView;
  private readonly era: Era;
  private readonly edits: Edit[] = [];
  private nameCharacters = 0;

  constructor(bytes: Buffer, view: ListView, era: Era) {
    super(bytes);
    this.view = view;
    this.era = era;
  }

  readMessage(): void {
    if (this.peek() !== OPEN_OBJECT) this.fail();
    if (!this.enter(CLOSE_OBJECT)) return;
    const seen: SeenNames = { known: 0, others: null };
    do {
      if (this.knownName(TOP, seen) === 0 && this.peek() === OPEN_OBJECT)
        this.readResult(this.view.inTask ? RESULT_OF_TASK : RESULT);
      else this.skip(1);
    } while (this.another(CLOSE_OBJECT));
  }

  /** The message with the edits applied. */
  filteredBytes(): Buffer {
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

  private readResult(known: typeof RESULT): void {
    if (!this.enter(CLOSE_OBJECT)) return;
    const seen: SeenNames = { known: 0, others: null };
    let scope: Edit | null = null;
    let isFiltered = false;
    do {
      const index = this.knownName(known, seen);
      const member = MEMBERS[index - 1];
      if (index === 0) scope = this.readScope();
      else if (member !== undefined && this.view.members.includes(member)) {
        isFiltered = true;
        this.readList(member);
      } else if (index > MEMBERS.length && this.peek() === OPEN_OBJECT) this.readResult(RESULT);
      else this.skip(2);
    } while (this.another(CLOSE_OBJECT));
    if (!isFiltered) return;
    // On every page, even a complete one: another caller may see less (B-106, private lists).
    if (scope !== null) this.edits.push(scope);
    else if (this.era === 'modern') {
      const end = this.position - 1;
      this.edits.push({ from: end, to: end, bytes: SCOPE_MEMBER });
    }
  }

  /** Reads the value of `cacheScope`; returns the edit that makes it private. */
  private readScope(): Edit {
    this.peek();
    const from = this.position;
    this.skip(2);
    return { from, to: this.position, bytes: PRIVATE };
  }

  private readList(member: ListMember): void {
    if (this.peek() !== OPEN_ARRAY) {
      const from = this.position;
      this.skip(2);
      // Some servers write null for an empty list.
      if (this.slice(from) !== 'null') this.invalid(`${member} is not an array`);
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
      const name = this.readEntry(member);
      to = this.position;
      if (name !== null && this.mayUse(member, name))
        kept.push(COMMA, this.bytes.subarray(start, to));
      else cut = true;
    } while (this.another(CLOSE_ARRAY));
    if (cut) this.edits.push({ from, to, bytes: Buffer.concat(kept.slice(1)) });
  }

  private mayUse(member: ListMember, name: string): boolean {
    // A message with a flaw is rejected anyway, so its names are not authorized.
    if (this.flaw !== null) this.fail();
    const cost = Buffer.byteLength(name) === name.length ? 1 : NON_ASCII_COST;
    this.nameCharacters += Math.max(MIN_NAME_COST, name.length * cost);
    if (this.nameCharacters <= MAX_NAME_CHARACTERS) return this.view.mayUse(member, name);
    this.invalid(`more than ${MAX_NAME_CHARACTERS} characters of names`);
    return this.fail();
  }

  /** Reads one entry; returns its name, or null where no call can name it. */
  private readEntry(member: ListMember): string | null {
    if (this.peek() !== OPEN_OBJECT) {
      this.skip(3);
      return null;
    }
    if (!this.enter(CLOSE_OBJECT)) return null;
    const known = ENTRY.get(member) as ReturnType<typeof knownNames>;
    const seen: SeenNames = { known: 0, others: null };
    let name: string | null = null;
    do {
      if (this.knownName(known, seen) === 0 && this.peek() === QUOTE) {
        this.readString();
        const text = this.lastText();
        name = this.isAmbiguous(text) ? null : text;
      } else this.skip(4);
    } while (this.another(CLOSE_OBJECT));
    return name;
  }
}

/**
 * Filters one message or a batch. `era`: the protocol era of the request. Requests, notifications
 * and errors stay unchanged.
 */
export function filterLists(bytes: Buffer, view: ListView, era: Era): FilterResult {
  if (!isUtf8(bytes)) return { ok: false, detail: 'not UTF-8' };
  const reader = new ListReader(bytes, view, era);
  try {
    if (reader.peek() !== OPEN_ARRAY) reader.readMessage();
    else if (reader.enter(CLOSE_ARRAY)) {
      do reader.readMessage();
      while (reader.another(CLOSE_ARRAY));
    }
    reader.end();
  } catch (error) {
    if (error instanceof InvalidJsonError)
      return { ok: false, detail: reader.flaw ?? 'not JSON-RPC, or nested too deeply' };
    throw error;
  }
  return reader.flaw === null
    ? { ok: true, bytes: reader.filteredBytes() }
    : { ok: false, detail: reader.flaw };
}
