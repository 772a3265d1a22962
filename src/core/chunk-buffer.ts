// Collects bytes that arrive in chunks into one buffer. A kept chunk of one byte costs 200 bytes of
// memory (measured), and the sender chooses how small the chunks are. The caller sets the limit.

const EMPTY = Buffer.alloc(0);
const FIRST_BYTES = 4 * 1024;

export class ChunkBuffer {
  /** Bytes added since the last `take`. */
  size = 0;
  /** The only chunk, or the buffer that has the copies of all chunks. */
  private buffer: Buffer = EMPTY;
  private isCopy = false;

  add(chunk: Buffer): void {
    const { size } = this;
    this.size = size + chunk.length;
    if (size === 0) {
      this.buffer = chunk;
      this.isCopy = false;
      return;
    }
    if (!this.isCopy || this.size > this.buffer.length) this.grow(size);
    chunk.copy(this.buffer, size);
  }

  /** Returns all bytes, and starts again with none. */
  take(): Buffer {
    const whole = this.buffer.subarray(0, this.size);
    this.size = 0;
    this.buffer = EMPTY;
    return whole;
  }

  /** At least doubles the buffer, so that each byte is copied only a few times. */
  private grow(size: number): void {
    const larger = Buffer.allocUnsafe(Math.max(this.size, 2 * size, FIRST_BYTES));
    this.buffer.copy(larger, 0, 0, size);
    this.buffer = larger;
    this.isCopy = true;
  }
}
