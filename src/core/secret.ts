// Wraps a secret in a value that no printer, serializer or template can show.

export interface Secret {
  /** The secret itself. Call it only where its bytes leave the process (C-153, no token leaks). */
  reveal(): string;
}

const MASK = '[secret]';
/** The method that console.log and util.inspect call. This symbol needs no import. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

export function secret(value: string): Secret {
  return Object.freeze({
    reveal: () => value,
    toString: () => MASK,
    toJSON: () => MASK,
    [INSPECT]: () => MASK,
  });
}
