// Decides how bytes that come in pieces are kept until they are whole: in one buffer, because a piece of one byte costs two hundred of memory
// (measured), and whoever writes the pieces chooses how small they are. Never decides how many bytes there may be.

const EMPTY = Buffer.alloc(0);
const FIRST_BYTES = 4 * 1024;

export class ChunkBuffer {
  /** Bytes held. */
  size = 0;
  /** The only piece, or the buffer into which all of them were copied. */
  private held: Buffer = EMPTY;
  private isOwn = false;

  add(piece: Buffer): void {
    const { size } = this;
    this.size = size + piece.length;
    if (size === 0) {
      this.held = piece;
      this.isOwn = false;
      return;
    }
    if (!this.isOwn || this.size > this.held.length) this.grow(size);
    piece.copy(this.held, size);
  }

  /** All that was added, and begins anew. */
  take(): Buffer {
    const whole = this.held.subarray(0, this.size);
    this.size = 0;
    this.held = EMPTY;
    return whole;
  }

  /** At least to the double, so that each byte is copied a few times at most. */
  private grow(size: number): void {
    const larger = Buffer.allocUnsafe(Math.max(this.size, 2 * size, FIRST_BYTES));
    this.held.copy(larger, 0, 0, size);
    this.held = larger;
    this.isOwn = true;
  }
}
