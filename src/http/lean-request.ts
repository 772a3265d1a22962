// Decides which header fields node:http and hono see for themselves: Host and Expect. Everything else is read from the raw lines, so building
// an object of a dozen merged fields for every request would be waste, and a second reading of them (C-137).
import { IncomingMessage } from 'node:http';

type Fields = { host?: string | undefined; expect?: string | undefined };

export class LeanRequest extends IncomingMessage {}

// On the prototype: TypeScript takes `headers` for a field, Node has it as an accessor.
Object.defineProperty(LeanRequest.prototype, 'headers', {
  get(this: IncomingMessage): Fields {
    const raw = this.rawHeaders;
    const fields: Fields = {};
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const name = raw[i] as string;
      if (name.length === 4 && name.toLowerCase() === 'host') fields.host ??= raw[i + 1];
      else if (name.length === 6 && name.toLowerCase() === 'expect') fields.expect ??= raw[i + 1];
    }
    return fields;
  },
});
