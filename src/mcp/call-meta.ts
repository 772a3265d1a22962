// Reads what a call says about itself for audit and traces: its trace context in `params._meta`
// (SEP-414), and the name of its client. Nothing in it is proven, and no decision uses it.
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  JsonReader,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
} from './json-reader.js';

export interface CallMeta {
  readonly traceparent?: string;
  readonly tracestate?: string;
  /** `clientInfo` of `initialize`, or of `_meta` in modern requests. */
  readonly clientName?: string;
  readonly clientVersion?: string;
}

const NOTHING: CallMeta = {};
const CLIENT_INFO = 'io.modelcontextprotocol/clientInfo';

type Found = { -readonly [K in keyof CallMeta]: CallMeta[K] };

class MetaReader extends JsonReader {
  /** Reads the members of an object. `read` reads the value of each, and skips any other value. */
  private members(read: (name: string) => void): void {
    if (this.peek() !== OPEN_OBJECT) return this.skip(0);
    if (!this.enter(CLOSE_OBJECT)) return;
    do {
      this.memberName();
      read(this.lastText());
    } while (this.another(CLOSE_OBJECT));
  }

  private text(found: Found, field: keyof CallMeta): void {
    if (this.peek() !== QUOTE) return this.skip(0);
    this.readString();
    found[field] = this.lastText();
  }

  private clientInfo(found: Found): void {
    this.members((name) => {
      if (name === 'name') this.text(found, 'clientName');
      else if (name === 'version') this.text(found, 'clientVersion');
      else this.skip(0);
    });
  }

  private meta(found: Found): void {
    this.members((name) => {
      if (name === 'traceparent' || name === 'tracestate') this.text(found, name);
      else if (name === CLIENT_INFO) this.clientInfo(found);
      else this.skip(0);
    });
  }

  message(): CallMeta {
    const found: Found = {};
    this.members((name) => {
      if (name !== 'params') return this.skip(0);
      this.members((param) => {
        if (param === '_meta') this.meta(found);
        else if (param === 'clientInfo') this.clientInfo(found);
        else this.skip(0);
      });
    });
    return found;
  }
}

/** One for each message of a body that `readMessages` accepted, in its order. */
export function readCallMeta(body: Buffer | null): readonly CallMeta[] {
  if (body === null) return [NOTHING];
  const reader = new MetaReader(body);
  if (reader.peek() !== OPEN_ARRAY) return [reader.message()];
  const found: CallMeta[] = [];
  if (!reader.enter(CLOSE_ARRAY)) return found;
  do found.push(reader.message());
  while (reader.another(CLOSE_ARRAY));
  return found;
}
