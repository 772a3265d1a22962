// Removes a byte order mark from the first bytes of an event stream. A client skips the mark only
// at the start of a stream (HTML, section 9.2.5), so no bytes of the gateway may precede it.
import { NOTHING } from './own-events.js';

const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

export class LeadingMark {
  /** The number of bytes that were equal to those of the mark; -1: the start is over. */
  private matched = 0;

  /**
   * The bytes without the mark. It keeps back the first bytes of a mark until the next ones arrive.
   * A stream that ends there loses them: they are not a whole character.
   */
  strip(bytes: Buffer): Buffer {
    const { matched } = this;
    if (matched < 0 || bytes.length === 0) return bytes;
    const expected = MARK.subarray(matched, matched + bytes.length);
    if (expected.equals(bytes.subarray(0, expected.length))) {
      const isWhole = matched + expected.length === MARK.length;
      this.matched = isWhole ? -1 : matched + expected.length;
      return isWhole ? bytes.subarray(expected.length) : NOTHING;
    }
    this.matched = -1;
    return matched === 0 ? bytes : Buffer.concat([MARK.subarray(0, matched), bytes]);
  }
}
