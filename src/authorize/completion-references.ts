// Reads the targets of two methods that name them below `params`: a completion in `ref`, a
// subscription in `resourceSubscriptions`. Only endpoints with rules need them.
import type { Kind } from '../core/policy.js';
import { knownNames, type SeenNames } from '../mcp/duplicate-key-reader.js';
import { CLOSE_ARRAY, CLOSE_OBJECT, OPEN_ARRAY, OPEN_OBJECT } from '../mcp/json-reader.js';
import { InvalidJsonError } from '../mcp/json-tokens.js';
import { MessageReader } from '../mcp/message-reader.js';
import { COMPLETE } from '../mcp/methods.js';

/** A prompt or a resource that a message names. */
export interface Reference {
  readonly kind: Kind;
  readonly name: string;
}

const TOP = knownNames('params');
const PARAMS = knownNames('ref', 'notifications');
const REF = knownNames('type', 'name', 'uri');
const NOTIFICATIONS = knownNames('resourceSubscriptions');
/** References of one message. The gateway compares each with every rule. */
const MAX_REFERENCES = 1_000;
/** Characters of all names together. The gateway rewrites each name in several ways. */
const MAX_CHARACTERS = 128 * 1024;
const REF_TYPES = ['ref/prompt', 'ref/resource'];

class ReferenceReader extends MessageReader {
  readonly found: Reference[] = [];
  private characters = 0;

  /** Reads an object. Calls `member` for each known name and skips all other values. */
  private object(known: typeof TOP, member: (index: number) => void): void {
    if (this.peek() !== OPEN_OBJECT) {
      this.skip(0);
      return this.invalid('an object is missing');
    }
    if (!this.enter(CLOSE_OBJECT)) return;
    const seen: SeenNames = { known: 0, others: null };
    do {
      const index = this.knownName(known, seen);
      if (index < 0) this.skip(0);
      else member(index);
    } while (this.another(CLOSE_OBJECT));
  }

  private add(kind: Kind, label: string): void {
    // After a flaw the gateway rejects the message anyway.
    const name = this.flaw === null ? this.unambiguousString(label) : this.skip(0);
    if (name === undefined) return;
    this.characters += name.length;
    if (this.found.length >= MAX_REFERENCES || this.characters > MAX_CHARACTERS)
      this.invalid(`more than ${MAX_REFERENCES} of ${label}, or too long`);
    else this.found.push({ kind, name });
  }

  private ref(): void {
    this.object(REF, (index) => {
      if (index === 1) this.add('prompt', 'ref.name');
      else if (index === 2) this.add('resource', 'ref.uri');
      else if (!REF_TYPES.includes(this.unambiguousString('ref.type') ?? ''))
        this.invalid('unknown ref.type');
    });
    // Rules apply to every name in the ref, whatever its type is.
    if (this.found.length === 0) this.invalid('ref has neither a name nor a uri');
  }

  private subscriptions(): void {
    if (this.peek() !== OPEN_ARRAY) {
      this.skip(0);
      return this.invalid('resourceSubscriptions is not an array');
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

/**
 * The targets in a body that the gateway has read as one message. Null: they are missing, ambiguous
 * or too many.
 */
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
