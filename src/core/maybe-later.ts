// A value that is there at once on the hot path. Elsewhere it comes later, as a promise.

/** A value at once on the hot path, or a promise where the gateway has to wait for it. */
export type MaybeLater<T> = T | Promise<T>;

/** Goes on with the value. A value that is there needs no promise, and no turn of the queue. */
export const andThen = <T, R>(
  value: MaybeLater<T>,
  next: (value: T) => MaybeLater<R>,
): MaybeLater<R> => (value instanceof Promise ? value.then(next) : next(value));
