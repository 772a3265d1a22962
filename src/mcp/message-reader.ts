// Decides what one JSON-RPC message says: the method, the name, the id, the version, from the very bytes that are forwarded. Refuses
// names that repeat at the top, in `params` and in `params._meta`. Never decides whether the message is allowed.

import { DuplicateKeyReader, knownNames, type SeenNames } from './duplicate-key-reader.js';
import { CLOSE_ARRAY, CLOSE_OBJECT, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from './json-reader.js';
import { InvalidJsonError } from './json-tokens.js';

/** What stands in one message. Undefined: absent. */
export interface MessageFields {
  readonly method: string | undefined;
  /** As written: a JSON string or an integer. */
  readonly idText: string | undefined;
  readonly name: string | undefined;
  readonly uri: string | undefined;
  readonly taskId: string | undefined;
  readonly metaVersion: string | undefined;
  readonly metaHasCapabilities: boolean;
}

/** Well-formed JSON with a flaw in the envelope, or no JSON at all (`unreadable`). */
export type MessagesResult =
  | { readonly ok: true; readonly batch: boolean; readonly messages: readonly MessageFields[] }
  | {
      readonly ok: false;
      readonly unreadable: boolean;
      readonly detail: string;
      readonly idText: string | undefined;
    };

const TOP = knownNames('jsonrpc', 'id', 'method', 'params', 'result', 'error');
const PARAMS = knownNames('name', 'uri', 'taskId', '_meta', 'arguments');
const PREFIX = 'io.modelcontextprotocol/';
const META = knownNames(
  `${PREFIX}protocolVersion`,
  `${PREFIX}clientCapabilities`,
  `${PREFIX}clientInfo`,
  'progressToken',
);

/** Messages of one batch; more are not even read. */
const BATCH_MESSAGES = 32;

const VERSION_2 = Buffer.from('2.0');

export class MessageReader extends DuplicateKeyReader {
  /** Whether the next value is this very string. Anything but a string is a flaw. */
  nextStringIs(expected: Buffer, what: string): boolean {
    if (this.peek() !== QUOTE) {
      this.unambiguousString(what);
      return false;
    }
    this.readString();
    return this.lastHadEscape ? this.lastText() === expected.toString() : this.lastIs(expected);
  }

  /** A string that a decision is taken from; anything else is a flaw. */
  unambiguousString(what: string): string | undefined {
    if (this.peek() !== QUOTE) {
      this.skip(0);
      this.invalid(`${what} is no string`);
      return undefined;
    }
    this.readString();
    const text = this.lastText();
    if (this.isAmbiguous(text)) this.invalid(`${what} has a NUL or half a surrogate pair`);
    return text;
  }

  /** The id as written (JSON-RPC 2.0 section 4; MCP forbids null). */
  id(): string | undefined {
    const isString = this.peek() === QUOTE;
    const from = this.position;
    this.skip(0);
    const text = this.slice(from);
    if (isString || /^-?\d{1,20}$/.test(text)) return text;
    this.invalid('id is neither a string nor an integer');
    return undefined;
  }

  message(): MessageFields {
    const found: Writable<MessageFields> = {
      method: undefined,
      idText: undefined,
      name: undefined,
      uri: undefined,
      taskId: undefined,
      metaVersion: undefined,
      metaHasCapabilities: false,
    };
    if (this.peek() !== OPEN_OBJECT) {
      this.skip(0);
      this.invalid('not an object');
      return found;
    }
    let isVersion2 = false;
    // Bits of `result` and `error`: with both, one reader sees a success where another sees a failure (JSON-RPC 2.0 section 5).
    let outcome = 0;
    const seen: SeenNames = { known: 0, others: null };
    if (this.enter(CLOSE_OBJECT)) {
      do {
        const index = this.knownName(TOP, seen);
        if (index === 0) isVersion2 = this.nextStringIs(VERSION_2, 'jsonrpc');
        else if (index === 1) found.idText = this.id();
        else if (index === 2) found.method = this.unambiguousString('method');
        else if (index === 3) this.params(found);
        else {
          if (index >= 4) outcome |= index === 4 ? 1 : 2;
          this.skip(1);
        }
      } while (this.another(CLOSE_OBJECT));
    }
    const { method, idText } = found;
    if (!isVersion2) this.invalid('jsonrpc is not "2.0"');
    if (
      method === undefined ? outcome === 0 || outcome === 3 || idText === undefined : outcome !== 0
    ) {
      this.invalid('neither request, notification nor response');
    }
    return found;
  }

  private params(found: Writable<MessageFields>): void {
    if (this.peek() !== OPEN_OBJECT) {
      this.skip(1);
      this.invalid('params is no object');
      return;
    }
    if (!this.enter(CLOSE_OBJECT)) return;
    const seen: SeenNames = { known: 0, others: null };
    do {
      const index = this.knownName(PARAMS, seen);
      if (index === 0) found.name = this.unambiguousString('params.name');
      else if (index === 1) found.uri = this.unambiguousString('params.uri');
      else if (index === 2) found.taskId = this.unambiguousString('params.taskId');
      else if (index === 3 && this.peek() === OPEN_OBJECT) this.meta(found);
      else this.skip(2);
    } while (this.another(CLOSE_OBJECT));
  }

  private meta(found: Writable<MessageFields>): void {
    if (!this.enter(CLOSE_OBJECT)) return;
    const seen: SeenNames = { known: 0, others: null };
    do {
      const index = this.knownName(META, seen);
      if (index === 0) found.metaVersion = this.unambiguousString('protocolVersion');
      else {
        if (index === 1) found.metaHasCapabilities = this.peek() === OPEN_OBJECT;
        this.skip(3);
      }
    } while (this.another(CLOSE_OBJECT));
  }
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Reads a body. The bytes must be valid UTF-8 already. A flaw keeps the id of a single message in `idText`. */
export function readMessages(bytes: Buffer): MessagesResult {
  const scanner = new MessageReader(bytes);
  const messages: MessageFields[] = [];
  try {
    const batch = scanner.peek() === OPEN_ARRAY;
    if (!batch) messages.push(scanner.message());
    else if (scanner.enter(CLOSE_ARRAY)) {
      do {
        if (messages.length >= BATCH_MESSAGES) {
          return {
            ok: false,
            unreadable: false,
            detail: `a batch of more than ${BATCH_MESSAGES}`,
            idText: undefined,
          };
        }
        messages.push(scanner.message());
      } while (scanner.another(CLOSE_ARRAY));
    }
    scanner.end();
    if (scanner.flaw === null) return { ok: true, batch, messages };
    return {
      ok: false,
      unreadable: false,
      detail: scanner.flaw,
      idText: batch ? undefined : messages[0]?.idText,
    };
  } catch (error) {
    if (!(error instanceof InvalidJsonError)) throw error;
    return {
      ok: false,
      unreadable: true,
      detail: 'not JSON, or nested too deeply',
      idText: undefined,
    };
  }
}
