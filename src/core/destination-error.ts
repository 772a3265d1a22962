// The error of a destination that cannot be used: a file of the audit, or packages that a collector
// needs. Its message says how to fix it, and `serve` prints no more than that.

export class DestinationError extends Error {
  /** The code of the system, such as ENOENT. */
  readonly code: string | undefined;

  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = 'DestinationError';
    this.code = (cause as NodeJS.ErrnoException).code;
  }
}
