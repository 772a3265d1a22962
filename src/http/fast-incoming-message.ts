// An IncomingMessage of node:http that does less work per request. Its `headers` are only Host and
// Expect, because the gateway reads the raw header lines. To merge a dozen fields would be waste,
// and a second reading of them (B-58, raw header lines). A sink may take the body without a stream.
import { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

const STREAM_ENDED = Object.getOwnPropertyDescriptor(Readable.prototype, 'readableEnded')
  ?.get as () => boolean;

type Fields = { host?: string | undefined; expect?: string | undefined };

/** Takes a body in the chunks that the parser hands out. */
export interface BodySink {
  write(chunk: Buffer): void;
  /** The parser has read the whole body. */
  end(): void;
}

export class FastIncomingMessage extends IncomingMessage {
  private sink: BodySink | null = null;
  /** True once a sink got the end of the body. */
  sinkIsComplete = false;

  /**
   * From now on `sink` gets the body, without the buffers, ticks and events of a stream. False
   * where the stream already holds a part of the body.
   */
  attachSink(sink: BodySink): boolean {
    if (this.complete || this.readableLength > 0) return false;
    this.sink = sink;
    // Marks the stream as read: node:http then leaves the body to its reader, and the socket flows.
    this._read(0);
    return true;
  }

  /** The rest of the body goes to the stream. */
  detachSink(): void {
    this.sink = null;
  }

  override push(chunk: Buffer | null): boolean {
    const { sink } = this;
    if (sink === null) return super.push(chunk);
    if (chunk !== null) sink.write(chunk);
    else {
      this.sinkIsComplete = true;
      sink.end();
    }
    return true;
  }
}

// On the prototype: TypeScript declares both as fields, but Node has them as accessors.
Object.defineProperty(FastIncomingMessage.prototype, 'readableEnded', {
  get(this: FastIncomingMessage): boolean {
    return this.sinkIsComplete || STREAM_ENDED.call(this);
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
