// Decides how a secret is held: in a value that no printer, serializer or template can show. Never decides where it comes from.

export interface Secret {
  /** The secret itself. Call it where the byte leaves the process, nowhere else (C-153). */
  reveal(): string;
}

const MASK = '[secret]';
/** What console.log and util.inspect ask; the symbol is registered, so that nothing need be imported for it. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

export function secret(value: string): Secret {
  return Object.freeze({
    reveal: () => value,
    toString: () => MASK,
    toJSON: () => MASK,
    [INSPECT]: () => MASK,
  });
}
