// Filters the messages in an event stream. Each event leaves as soon as it is complete, with its
// message filtered. An event that the filter cannot read ends the stream.
import { ChunkBuffer } from '../core/chunk-buffer.js';
import type { FilterResult } from './list-filter.js';

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
/** A line and its line end, which is empty at the end of a stream. */
const LINE = /([^\r\n]*)(\r\n|\r|\n|$)/g;
/** A byte order mark as latin1. Some clients skip it also after the start of a stream. */
const BYTE_ORDER_MARK = /^\xef\xbb\xbf/;
const DATA = /^data(?::|$)/;
const DATA_FIELD = /^data:? ?/;
const isData = ([, line]: RegExpExecArray): boolean => DATA.test(line as string);
/** The limit of lines in one event. A line costs far more memory than its bytes. */
const MAX_LINES = 100_000;
const NOTHING = Buffer.alloc(0);

export class EventFilter {
  private readonly filter: (message: Buffer) => FilterResult;
  private readonly limitBytes: number;
  /** The reason that ends the stream, in words. The filter returns no bytes after it. */
  flaw: string | null = null;
  /** The bytes of the incomplete event. */
  private readonly event = new ChunkBuffer();
  private lineCount = 0;
  private lineIsEmpty = true;
  /** The last byte was a CR. A line feed after it belongs to the same line end. */
  private afterCr = false;
  /** The event has a field. Without one, it consists of comments, which leave at once. */
  private hasField = false;

  /** `filter`: called once for the message of each event. `limitBytes`: the longest event. */
  constructor(filter: (message: Buffer) => FilterResult, limitBytes: number) {
    this.filter = filter;
    this.limitBytes = limitBytes;
  }

  /** Adds a chunk; returns the bytes to send now. */
  push(chunk: Buffer): Buffer {
    const out: Buffer[] = [];
    let from = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i];
      if (byte !== LF && byte !== CR) {
        if (this.lineIsEmpty && byte !== COLON) this.hasField = true;
        this.lineIsEmpty = false;
        this.afterCr = false;
        continue;
      }
      const isBlank = this.lineIsEmpty && !(byte === LF && this.afterCr);
      this.afterCr = byte === CR;
      this.lineIsEmpty = true;
      if (++this.lineCount > MAX_LINES) this.flaw ??= `an event of more than ${MAX_LINES} lines`;
      if (this.hasField && !isBlank) continue;
      this.add(chunk.subarray(from, i + 1));
      from = i + 1;
      out.push(this.takeEvent());
    }
    this.add(chunk.subarray(from));
    return out.length === 1 ? (out[0] as Buffer) : Buffer.concat(out);
  }

  /** The rest at the end of the stream. Some clients read it as an event without a blank line. */
  end(): Buffer {
    return this.flaw === null ? this.takeEvent() : NOTHING;
  }

  private add(piece: Buffer): void {
    this.event.add(piece);
    if (this.event.size > this.limitBytes)
      this.flaw ??= `an event of more than ${this.limitBytes} bytes`;
  }

  private takeEvent(): Buffer {
    const { hasField } = this;
    const whole = this.event.take();
    this.lineCount = 0;
    this.hasField = false;
    if (this.flaw !== null) return NOTHING;
    return hasField ? this.filterEvent(whole) : whole;
  }

  private filterEvent(bytes: Buffer): Buffer {
    // In latin1, each byte is one character, so the text turns into the same bytes again.
    const text = bytes.toString('latin1');
    const mark = BYTE_ORDER_MARK.exec(text)?.[0] ?? '';
    const lines = [...text.slice(mark.length).matchAll(LINE)];
    const data = lines.filter(isData).map(([, line]) => (line as string).replace(DATA_FIELD, ''));
    // Without data there is no message, as in an event to resume from (B-87, priming events).
    if (data.every((line) => line === '')) return bytes;
    const message = Buffer.from(data.join('\n'), 'latin1');
    const filtered = this.filter(message);
    if (!filtered.ok) {
      this.flaw = filtered.detail;
      return NOTHING;
    }
    if (filtered.bytes === message) return bytes;
    const first = lines.find(isData);
    const lineEnd = first?.[2] || '\n';
    const changed = filtered.bytes.toString('latin1').split('\n');
    const written = changed.map((line) => `data: ${line}`).join(lineEnd) + first?.[2];
    const kept = lines.map((line) => (line === first ? written : isData(line) ? '' : line[0]));
    return Buffer.from(mark + kept.join(''), 'latin1');
  }
}
