// Decides which parts of a request node:http builds for us: of the header fields Host and Expect alone, and of the body no stream where a reader
// takes it at once. Everything else is read from the raw lines, so building an object of a dozen merged fields for every request would be waste,
// and a second reading of them (C-137).
import { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

const STREAM_ENDED = Object.getOwnPropertyDescriptor(Readable.prototype, 'readableEnded')
  ?.get as () => boolean;

type Fields = { host?: string | undefined; expect?: string | undefined };

/** Takes a body piece by piece as the parser hands it out. */
export interface BodySink {
  take(chunk: Buffer): void;
  /** The parser is behind the body. */
  end(): void;
}

export class FastIncomingMessage extends IncomingMessage {
  private sink: BodySink | null = null;
  /** The whole body went to a sink. */
  poured = false;

  /** From now on `sink` gets the body, and the buffers, ticks and events of a stream are spared. False where some of it is in those already. */
  pour(sink: BodySink): boolean {
    if (this.complete || this.readableLength > 0) return false;
    this.sink = sink;
    // As a stream that is read does: node:http then leaves the body to its reader, and the socket flows.
    this._read(0);
    return true;
  }

  /** What is still to come goes the usual way. */
  unpour(): void {
    this.sink = null;
  }

  override push(chunk: Buffer | null): boolean {
    const { sink } = this;
    if (sink === null) return super.push(chunk);
    if (chunk !== null) sink.take(chunk);
    else {
      this.poured = true;
      sink.end();
    }
    return true;
  }
}

// On the prototype: TypeScript takes both for fields, Node has them as accessors.
Object.defineProperty(FastIncomingMessage.prototype, 'readableEnded', {
  get(this: FastIncomingMessage): boolean {
    return this.poured || STREAM_ENDED.call(this);
  },
});
Object.defineProperty(FastIncomingMessage.prototype, 'headers', {
  get(this: IncomingMessage): Fields {
    const raw = this.rawHeaders;
    const fields: Fields = {};
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const name = raw[i] as string;
      if (name.length === 4 && name.toLowerCase() === 'host') fields.host ??= raw[i + 1];
      else if (name.length === 6 && name.toLowerCase() === 'expect') fields.expect ??= raw[i + 1];
    }
    return fields;
  },
});
