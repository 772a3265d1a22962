// Decides what one JSON-RPC message says: the method, the name, the id, the version, from the very bytes that are forwarded. Refuses
// names that repeat at the top, in `params` and in `params._meta`. Never decides whether the message is allowed.
import { JsonReader, names, OPEN_ARRAY, OPEN_OBJECT, QUOTE, Unreadable } from './json-reader.js';

/** What stands in one message. Undefined: absent. */
export interface Scanned {
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
export type ScanResult =
  | { readonly ok: true; readonly batch: boolean; readonly messages: readonly Scanned[] }
  | { readonly ok: false; readonly unreadable: boolean; readonly detail: string; readonly idText: string | undefined };

const TOP = names('jsonrpc', 'id', 'method', 'params', 'result', 'error');
const PARAMS = names('name', 'uri', 'taskId', '_meta', 'arguments');
const PREFIX = 'io.modelcontextprotocol/';
const META = names(`${PREFIX}protocolVersion`, `${PREFIX}clientCapabilities`, `${PREFIX}clientInfo`, 'progressToken');

/** One half of a surrogate pair alone: readers replace it differently. */
const LONE_SURROGATE = /\p{Surrogate}/u;

class MessageReader extends JsonReader {
  /** A string that a decision is taken from; anything else is a flaw. */
  decisive(what: string): string | undefined {
    if (this.peek() !== QUOTE) {
      this.skip(0);
      this.invalid(`${what} is no string`);
      return undefined;
    }
    this.string();
    const text = this.text();
    if (this.lastHadEscape && LONE_SURROGATE.test(text)) this.invalid(`${what} has half a surrogate pair`);
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

  message(): Scanned {
    let method: string | undefined;
    let idText: string | undefined;
    let version: string | undefined;
    let hasResult = false;
    let name: string | undefined;
    let uri: string | undefined;
    let taskId: string | undefined;
    let metaVersion: string | undefined;
    let metaHasCapabilities = false;
    const meta = (index: number): void => {
      if (index === 0) metaVersion = this.decisive('protocolVersion');
      else {
        if (index === 1) metaHasCapabilities = this.peek() === OPEN_OBJECT;
        this.skip(3);
      }
    };
    const params = (index: number): void => {
      if (index === 0) name = this.decisive('params.name');
      else if (index === 1) uri = this.decisive('params.uri');
      else if (index === 2) taskId = this.decisive('params.taskId');
      else if (index === 3 && this.peek() === OPEN_OBJECT) this.namedMembers(META, meta);
      else this.skip(2);
    };
    if (this.peek() !== OPEN_OBJECT) {
      this.skip(0);
      this.invalid('not an object');
      return EMPTY;
    }
    this.namedMembers(TOP, (index) => {
      if (index === 0) version = this.decisive('jsonrpc');
      else if (index === 1) idText = this.id();
      else if (index === 2) method = this.decisive('method');
      else if (index === 3) {
        if (this.peek() === OPEN_OBJECT) this.namedMembers(PARAMS, params);
        else {
          this.skip(1);
          this.invalid('params is no object');
        }
      } else {
        if (index >= 4) hasResult = true;
        this.skip(1);
      }
    });
    if (version !== '2.0') this.invalid('jsonrpc is not "2.0"');
    if (method === undefined ? !hasResult || idText === undefined : hasResult)
      this.invalid('neither request, notification nor response');
    return { method, idText, name, uri, taskId, metaVersion, metaHasCapabilities };
  }
}

const EMPTY: Scanned = {
  method: undefined,
  idText: undefined,
  name: undefined,
  uri: undefined,
  taskId: undefined,
  metaVersion: undefined,
  metaHasCapabilities: false,
};

/** Reads a body. The bytes must be valid UTF-8 already. A flaw keeps the id of a single message in `idText`. */
export function scan(bytes: Buffer): ScanResult {
  const scanner = new MessageReader(bytes);
  const messages: Scanned[] = [];
  try {
    const batch = scanner.peek() === OPEN_ARRAY;
    if (batch) scanner.elements(() => messages.push(scanner.message()));
    else messages.push(scanner.message());
    scanner.end();
    if (scanner.flaw === null) return { ok: true, batch, messages };
    return { ok: false, unreadable: false, detail: scanner.flaw, idText: batch ? undefined : messages[0]?.idText };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { ok: false, unreadable: true, detail: 'not JSON, or nested too deeply', idText: undefined };
  }
}
