// Decides how a secret is held: in a value that no printer, serializer or template can show. Never decides where it comes from.
import { inspect } from 'node:util';

export interface Secret {
  /** The secret itself. Call it where the byte leaves the process, nowhere else (C-153). */
  reveal(): string;
}

const MASK = '[secret]';

export function secret(value: string): Secret {
  return Object.freeze({
    reveal: () => value,
    toString: () => MASK,
    toJSON: () => MASK,
    [inspect.custom]: () => MASK,
  });
}
