// Decides, from the bytes of an event stream that were sent, whether something may be added after them: an event is whole there, events have
// ids, an answer may have been among them. Looks at the ends of chunks and searches for a few bytes; never reads what an event says.

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;

/** Where the bytes ended. */
const IN_LINE = 0;
/** Behind a line that CR ended: an LF that comes now belongs to it. */
const AFTER_CR = 1;
const AFTER_LINE = 2;
const AFTER_BLANK_LINE = 3;
/** As many line ends in a row always hold a blank line, so what stands before them does not matter. */
const TAIL = 3;

const ID_LINES = [Buffer.from('\nid'), Buffer.from('\rid')];
/** The first line may begin with the encoding's signature. */
const ID_LINE = /(?:[\r\n]|\xef\xbb\xbf)id[:\r\n]/;
/** As JSON is written by those who write it; a log message may well have the level "error". */
const MEMBERS = [Buffer.from('"result":'), Buffer.from('"error":')];
const MEMBER = /"(?:result|error)":/;
/** One less than the longest of these: what may stand at the end of a chunk and go on in the next. */
const SEAM = 8;

function hasIdLine(bytes: Buffer, lineStart: Buffer): boolean {
  for (
    let at = bytes.indexOf(lineStart);
    at >= 0;
    at = bytes.indexOf(lineStart, at + lineStart.length)
  ) {
    const next = bytes[at + lineStart.length];
    if (next === COLON || next === LF || next === CR) return true;
  }
  return false;
}

export class SseTail {
  /** Some event has an id, so that a client may resume after it (HTML, section 9.2.6). */
  hasIds = false;
  /** A response may have been sent: a member that only responses have at their top stood somewhere. */
  mayHoldAnswer = false;
  private end = AFTER_BLANK_LINE;
  private seam = '\n';

  /** Nothing was sent, or a blank line was the last: another event may follow. */
  get isBetweenEvents(): boolean {
    return this.end === AFTER_BLANK_LINE;
  }

  add(bytes: Buffer): void {
    const { length } = bytes;
    if (length > TAIL) this.end = IN_LINE;
    for (let i = Math.max(0, length - TAIL); i < length; i++) this.step(bytes[i] as number);
    if (!this.hasIds || !this.mayHoldAnswer) this.search(bytes);
  }

  private step(byte: number): void {
    if (byte !== LF && byte !== CR) this.end = IN_LINE;
    else if (this.end === IN_LINE) this.end = byte === CR ? AFTER_CR : AFTER_LINE;
    else if (this.end === AFTER_CR && byte === LF) this.end = AFTER_LINE;
    else this.end = AFTER_BLANK_LINE;
  }

  private search(bytes: Buffer): void {
    const text = this.seam + bytes.toString('latin1', 0, SEAM);
    this.hasIds ||= ID_LINE.test(text) || ID_LINES.some((start) => hasIdLine(bytes, start));
    this.mayHoldAnswer ||= MEMBER.test(text) || MEMBERS.some((member) => bytes.includes(member));
    this.seam = (bytes.length < SEAM ? text : bytes.toString('latin1', bytes.length - SEAM)).slice(
      -SEAM,
    );
  }
}
