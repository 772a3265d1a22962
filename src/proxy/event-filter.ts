// Decides what goes on of an event stream whose answers may hold lists: every event as soon as it is whole, its lists filtered; one that
// cannot be read ends the stream. Never decides what is left of a list.
import { ChunkBuffer } from '../core/chunk-buffer.js';
import type { Era } from '../core/message.js';
import type { ListView } from '../mcp/lists.js';
import { filterLists } from './list-filter.js';

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
/** A line and what ends it; at the end of a stream, nothing. */
const LINE = /([^\r\n]*)(\r\n|\r|\n|$)/g;
/** The encoding's signature, one letter for each byte; some readers drop it elsewhere than at the start of a stream too. */
const SIGNATURE = /^\xef\xbb\xbf/;
const DATA = /^data(?::|$)/;
const DATA_FIELD = /^data:? ?/;
const isData = ([, line]: RegExpExecArray): boolean => DATA.test(line as string);
/** Lines of one event: each of them costs far more memory than its bytes. */
const MAX_LINES = 100_000;
const NOTHING = Buffer.alloc(0);

export class EventFilter {
  private readonly listing: ListView;
  private readonly era: Era;
  private readonly limitBytes: number;
  /** Why the stream cannot go on; nothing goes out after it. */
  flaw: string | null = null;
  /** What came of the event under way. */
  private readonly pieces = new ChunkBuffer();
  private lines = 0;
  private lineIsEmpty = true;
  /** A line feed that comes now ends the line that has ended already. */
  private afterCr = false;
  /** The event has more than comments, which are keep-alives and wait for nothing. */
  private hasField = false;

  /** `limitBytes`: what one event may hold. */
  constructor(listing: ListView, era: Era, limitBytes: number) {
    this.listing = listing;
    this.era = era;
    this.limitBytes = limitBytes;
  }

  /** What may go out now. */
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
      if (++this.lines > MAX_LINES) this.flaw ??= `an event of more than ${MAX_LINES} lines`;
      if (this.hasField && !isBlank) continue;
      this.add(chunk.subarray(from, i + 1));
      from = i + 1;
      out.push(this.take());
    }
    this.add(chunk.subarray(from));
    return out.length === 1 ? (out[0] as Buffer) : Buffer.concat(out);
  }

  /** What is left when the stream is over: some readers take it for an event, though no blank line follows. */
  end(): Buffer {
    return this.flaw === null ? this.take() : NOTHING;
  }

  private add(piece: Buffer): void {
    this.pieces.add(piece);
    if (this.pieces.size > this.limitBytes)
      this.flaw ??= `an event of more than ${this.limitBytes} bytes`;
  }

  private take(): Buffer {
    const { hasField } = this;
    const whole = this.pieces.take();
    this.lines = 0;
    this.hasField = false;
    if (this.flaw !== null) return NOTHING;
    return hasField ? this.event(whole) : whole;
  }

  private event(bytes: Buffer): Buffer {
    // One letter for each byte: nothing is decoded here.
    const text = bytes.toString('latin1');
    const signature = SIGNATURE.exec(text)?.[0] ?? '';
    const lines = [...text.slice(signature.length).matchAll(LINE)];
    const data = lines.filter(isData).map(([, line]) => (line as string).replace(DATA_FIELD, ''));
    // Nothing at all is no message: an event to resume from (B-87).
    if (data.every((line) => line === '')) return bytes;
    const message = Buffer.from(data.join('\n'), 'latin1');
    const filtered = filterLists(message, this.listing, this.era);
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
    return Buffer.from(signature + kept.join(''), 'latin1');
  }
}
