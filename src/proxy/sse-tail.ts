// Follows the bytes sent on an event stream, to know what the gateway may add after them. It looks
// at the ends of chunks and searches for a few byte sequences, and parses no event.

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;

// The states of `end`: where in the stream the bytes ended.
const IN_LINE = 0;
/** After a line that ended with CR. An LF that follows belongs to that line end. */
const AFTER_CR = 1;
const AFTER_LINE = 2;
const AFTER_BLANK_LINE = 3;
/** In a comment after a blank line. Other gateways send such lines while a stream is quiet. */
const IN_COMMENT = 4;
/** The bytes of a chunk that `step` reads. A blank line and a comment after it mostly fit. */
const TAIL_BYTES = 64;

const ID_LINES = [Buffer.from('\nid'), Buffer.from('\rid')];
/** The first line may begin with a byte order mark. */
const ID_LINE = /(?:[\r\n]|\xef\xbb\xbf)id[:\r\n]/;
/**
 * Strings that name a member of a response, where the next byte does not show a value. A colon may
 * come after spaces, in the next `data` line, or after a comment.
 */
const NAMES = [Buffer.from('"result"'), Buffer.from('"error"')];
const NAME = /"(?:result|error)"(?![,}\]])[\s\S]/;
/** After a value such as the level "error" of a log message. */
const AFTER_VALUE = new Set([...',}]'].map((character) => character.charCodeAt(0)));
/**
 * Escaped letters of `result` and `error`. A name may contain them, and no serializer writes them.
 * Serializers of .NET write the backtick and DEL in this way.
 */
const ESCAPE_START = Buffer.from('\\u00');
const ESCAPE = /\\u00(?:6[5cCfF]|7[2-5])/;
const SIX = 0x36;
const SEVEN = 0x37;
const LETTERS_OF_SIX = new Set([...'5cCfF'].map((digit) => digit.charCodeAt(0)));
const LETTERS_OF_SEVEN = new Set([...'2345'].map((digit) => digit.charCodeAt(0)));
/** The longest sequence less one byte: the part that one chunk can leave to the next. */
const OVERLAP_BYTES = 8;

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

function hasMemberName(bytes: Buffer, name: Buffer): boolean {
  for (let at = bytes.indexOf(name); at >= 0; at = bytes.indexOf(name, at + name.length)) {
    const next = bytes[at + name.length];
    if (next !== undefined && !AFTER_VALUE.has(next)) return true;
  }
  return false;
}

function hasEscapedLetter(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(ESCAPE_START); at >= 0; at = bytes.indexOf(ESCAPE_START, at + 1)) {
    const digit = bytes[at + ESCAPE_START.length];
    if (digit !== SIX && digit !== SEVEN) continue;
    const letters = digit === SIX ? LETTERS_OF_SIX : LETTERS_OF_SEVEN;
    if (letters.has(bytes[at + ESCAPE_START.length + 1] as number)) return true;
  }
  return false;
}

export class SseTail {
  /** True once an event had an id, so that a client can resume after it (HTML, section 9.2.6). */
  hasEventIds = false;
  /**
   * True once the bytes may have had a `result` or `error` member, as the top of a response has.
   * It may be wrong about other bytes, and never misses a member. Otherwise a client could get a
   * second response.
   */
  mayHaveResponse = false;
  /** True until the first byte. */
  isEmpty = true;
  private end = AFTER_BLANK_LINE;
  private overlap = '\n';
  private readonly idsSuffice: boolean;

  /** `idsSuffice`: once an event had an id, `mayHaveResponse` no longer matters. */
  constructor(idsSuffice = false) {
    this.idsSuffice = idsSuffice;
  }

  /** True where another event may follow: at the start, or after a blank line. */
  get isBetweenEvents(): boolean {
    return this.end === AFTER_BLANK_LINE;
  }

  /** `searches`: looks for event ids and members. False once they no longer matter. */
  add(bytes: Buffer, searches = true): void {
    const { length } = bytes;
    if (length > 0) this.isEmpty = false;
    if (length > TAIL_BYTES) this.end = IN_LINE;
    for (let i = Math.max(0, length - TAIL_BYTES); i < length; i++) this.step(bytes[i] as number);
    if (searches && !(this.hasEventIds && this.mayHaveResponse)) this.search(bytes);
  }

  private step(byte: number): void {
    if (byte !== LF && byte !== CR) {
      if (this.end === IN_COMMENT) return;
      this.end = this.end === AFTER_BLANK_LINE && byte === COLON ? IN_COMMENT : IN_LINE;
    } else if (this.end === IN_LINE) this.end = byte === CR ? AFTER_CR : AFTER_LINE;
    else if (this.end === AFTER_CR && byte === LF) this.end = AFTER_LINE;
    else this.end = AFTER_BLANK_LINE;
  }

  private search(bytes: Buffer): void {
    const text = this.overlap + bytes.toString('latin1', 0, OVERLAP_BYTES);
    this.hasEventIds ||= ID_LINE.test(text) || ID_LINES.some((start) => hasIdLine(bytes, start));
    if (this.hasEventIds && this.idsSuffice) return;
    this.mayHaveResponse ||=
      NAME.test(text) ||
      ESCAPE.test(text) ||
      NAMES.some((name) => hasMemberName(bytes, name)) ||
      hasEscapedLetter(bytes);
    this.overlap = (
      bytes.length < OVERLAP_BYTES ? text : bytes.toString('latin1', bytes.length - OVERLAP_BYTES)
    ).slice(-OVERLAP_BYTES);
  }
}
