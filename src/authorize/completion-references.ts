// Decides what a call is about that names it deeper than at the top of `params`: a completion its `ref`, a subscription its resources. Only asked where
// rules exist. Never decides whether it is allowed.

import type { Kind } from '../core/policy.js';
import { knownNames, type SeenNames } from '../mcp/duplicate-key-reader.js';
import { CLOSE_ARRAY, CLOSE_OBJECT, OPEN_ARRAY, OPEN_OBJECT } from '../mcp/json-reader.js';
import { InvalidJsonError } from '../mcp/json-tokens.js';
import { MessageReader } from '../mcp/message-reader.js';
import { COMPLETE } from '../mcp/methods.js';

export interface Reference {
  readonly kind: Kind;
  readonly name: string;
}

const TOP = knownNames('params');
const PARAMS = knownNames('ref', 'notifications');
const REF = knownNames('type', 'name', 'uri');
const NOTIFICATIONS = knownNames('resourceSubscriptions');
/** Resources of one subscription, or names of one ref; each is judged by every rule. */
const REFERENCES = 1_000;
/** Of all their names together: each is rewritten in several ways before it is judged. */
const CHARACTERS = 128 * 1024;
const REF_TYPES = ['ref/prompt', 'ref/resource'];

class ReferenceReader extends MessageReader {
  readonly found: Reference[] = [];
  private characters = 0;

  /** Calls `member` for each wanted name; all other values are stepped over. */
  private object(wanted: typeof TOP, member: (index: number) => void): void {
    if (this.peek() !== OPEN_OBJECT) {
      this.skip(0);
      return this.invalid('no object where one belongs');
    }
    if (!this.enter(CLOSE_OBJECT)) return;
    const seen: SeenNames = { known: 0, others: null };
    do {
      const index = this.knownName(wanted, seen);
      if (index < 0) this.skip(0);
      else member(index);
    } while (this.another(CLOSE_OBJECT));
  }

  private add(kind: Kind, what: string): void {
    // What is refused anyway is not worth the work.
    const name = this.flaw === null ? this.unambiguousString(what) : this.skip(0);
    if (name === undefined) return;
    this.characters += name.length;
    if (this.found.length >= REFERENCES || this.characters > CHARACTERS)
      this.invalid(`more than ${REFERENCES} of ${what}, or too long`);
    else this.found.push({ kind, name });
  }

  private ref(): void {
    this.object(REF, (index) => {
      if (index === 1) this.add('prompt', 'ref.name');
      else if (index === 2) this.add('resource', 'ref.uri');
      else if (!REF_TYPES.includes(this.unambiguousString('ref.type') ?? ''))
        this.invalid('ref.type is not known');
    });
    // Whichever its type says: what is named is judged.
    if (this.found.length === 0) this.invalid('ref names nothing');
  }

  private subscriptions(): void {
    if (this.peek() !== OPEN_ARRAY) {
      this.skip(0);
      return this.invalid('resourceSubscriptions is no list');
    }
    if (!this.enter(CLOSE_ARRAY)) return;
    do this.add('resource', 'resourceSubscriptions');
    while (this.another(CLOSE_ARRAY));
  }

  read(): void {
    this.object(TOP, () =>
      this.object(PARAMS, (index) =>
        index === 0 ? this.ref() : this.object(NOTIFICATIONS, () => this.subscriptions()),
      ),
    );
  }
}

/** Of a body that was read before as one message. Null where it does not say what it is about, or says it twice. */
export function referencesOf(body: Buffer, method: string): readonly Reference[] | null {
  const reader = new ReferenceReader(body);
  try {
    reader.read();
  } catch (error) {
    if (!(error instanceof InvalidJsonError)) throw error;
    return null;
  }
  if (reader.flaw !== null || (method === COMPLETE && reader.found.length === 0)) return null;
  return reader.found;
}
