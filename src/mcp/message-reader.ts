// Reads method, name, id and version of JSON-RPC messages from the bytes that the gateway forwards.
// Repeated member names at the top, in `params` and in `params._meta` are flaws.
import { DuplicateKeyReader, knownNames, type SeenNames } from './duplicate-key-reader.js';
import { CLOSE_ARRAY, CLOSE_OBJECT, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from './json-reader.js';
import { InvalidJsonError } from './json-tokens.js';

/** Fields of one message. Undefined: absent. */
export interface MessageFields {
  readonly method: string | undefined;
  /** As written: a JSON string or an integer. */
  readonly idText: string | undefined;
  /** `params.name`. */
  readonly name: string | undefined;
  /** `params.uri`. */
  readonly uri: string | undefined;
  /** `params.taskId`. */
  readonly taskId: string | undefined;
  /** `params._meta["io.modelcontextprotocol/protocolVersion"]`. */
  readonly metaVersion: string | undefined;
  /** True if `_meta` has an object `io.modelcontextprotocol/clientCapabilities`. */
  readonly metaHasCapabilities: boolean;
}

/** The messages of a body, or why the gateway rejects it. `unreadable`: the body is not JSON. */
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

/** Messages of one batch. The reader stops at the next one. */
const BATCH_MESSAGES = 32;

const VERSION_2 = Buffer.from('2.0');
/** The first byte of `null`. No other value begins with it. */
const SMALL_N = 0x6e;

export class MessageReader extends DuplicateKeyReader {
  /** Reads a value and compares it. A value that is not a string is a flaw. */
  nextStringIs(expected: Buffer, label: string): boolean {
    if (this.peek() !== QUOTE) {
      this.unambiguousString(label);
      return false;
    }
    this.readString();
    return this.lastHadEscape ? this.lastText() === expected.toString() : this.lastIs(expected);
  }

  /** Reads a string that all readers decode equally. Any other value is a flaw. */
  unambiguousString(label: string): string | undefined {
    if (this.peek() !== QUOTE) {
      this.skip(0);
      this.invalid(`${label} is not a string`);
      return undefined;
    }
    this.readString();
    const text = this.lastText();
    if (this.isAmbiguous(text)) this.invalid(`${label} has a NUL or half a surrogate pair`);
    return text;
  }

  /** Reads the id and returns it as written (JSON-RPC 2.0 section 4; MCP forbids null). */
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
    let hasResult = false;
    let hasError = false;
    let hasNullResult = false;
    const seen: SeenNames = { known: 0, others: null };
    if (this.enter(CLOSE_OBJECT)) {
      do {
        const index = this.knownName(TOP, seen);
        if (index === 0) isVersion2 = this.nextStringIs(VERSION_2, 'jsonrpc');
        else if (index === 1) found.idText = this.id();
        else if (index === 2) found.method = this.unambiguousString('method');
        else if (index === 3) this.params(found);
        else {
          const isPresent = !this.skipNull(1);
          if (index === 4) {
            hasResult = isPresent;
            hasNullResult = !isPresent;
          } else if (index === 5) hasError = isPresent;
        }
      } while (this.another(CLOSE_OBJECT));
    }
    const { method, idText } = found;
    if (!isVersion2) this.invalid('jsonrpc is not "2.0"');
    // With both, some readers see a success and others a failure (JSON-RPC 2.0 section 5). Only a
    // null result without an error counts as a result: a method may return nothing.
    const isMessage =
      method === undefined
        ? idText !== undefined && (hasError ? !hasResult : hasResult || hasNullResult)
        : !hasResult && !hasError;
    if (!isMessage) this.invalid('neither request, notification nor response');
    return found;
  }

  /**
   * Skips a value. True: it was null. Some serializers write each absent member as null, so
   * `params`, `result` and `error` with this value count as absent.
   */
  private skipNull(depth: number): boolean {
    const first = this.peek();
    this.skip(depth);
    return first === SMALL_N;
  }

  private params(found: Writable<MessageFields>): void {
    if (this.peek() !== OPEN_OBJECT) {
      if (!this.skipNull(1)) this.invalid('params is not an object');
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

/**
 * Reads a body. The caller has checked that it is UTF-8. After a flaw in a single message, `idText`
 * is the id of that message.
 */
export function readMessages(bytes: Buffer): MessagesResult {
  const reader = new MessageReader(bytes);
  const messages: MessageFields[] = [];
  try {
    const batch = reader.peek() === OPEN_ARRAY;
    if (!batch) messages.push(reader.message());
    else if (reader.enter(CLOSE_ARRAY)) {
      do {
        if (messages.length >= BATCH_MESSAGES) {
          return {
            ok: false,
            unreadable: false,
            detail: `a batch of more than ${BATCH_MESSAGES} messages`,
            idText: undefined,
          };
        }
        messages.push(reader.message());
      } while (reader.another(CLOSE_ARRAY));
    }
    reader.end();
    if (reader.flaw === null) return { ok: true, batch, messages };
    return {
      ok: false,
      unreadable: false,
      detail: reader.flaw,
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
