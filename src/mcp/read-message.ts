// Reads the message of a request: media type, UTF-8, JSON-RPC, protocol version, and batches only
// where the revision has them. The bytes that it reads are the bytes that the gateway forwards.
import { isUtf8 } from 'node:buffer';
import { type Exchange, singleHeader } from '../core/exchange.js';
import type { Failure } from '../core/failure.js';
import { bodyMediaType, envelopeInvalid, envelopeUnreadable } from '../core/failures.js';
import type { Call, Message } from '../core/message.js';
import { ok, type Result } from '../core/result.js';
import { nameOf } from './header-consistency.js';
import { hasOtherCharset, isJsonType } from './media-type.js';
import { type MessageFields, readMessages } from './message-reader.js';
import { checkVersion } from './protocol-version.js';

/** The checks that need no body. */
export function checkReadable(exchange: Exchange): Failure | null {
  if (exchange.method !== 'POST') return null;
  const type = singleHeader(exchange, 'content-type');
  if (type === null) return envelopeInvalid({ detail: 'two Content-Type lines' });
  if (
    type !== 'application/json' &&
    (type === undefined || !isJsonType(type) || hasOtherCharset(type))
  ) {
    return bodyMediaType({ detail: 'not application/json' });
  }
  // The gateway could not read encoded bytes (B-19, Content-Encoding).
  return exchange.names.includes('content-encoding')
    ? bodyMediaType({ detail: 'Content-Encoding' })
    : null;
}

function toCall(fields: MessageFields): Call {
  return { method: fields.method ?? null, name: nameOf(fields) ?? null, idText: fields.idText };
}

/** The message of a POST. `body` is null for GET and DELETE, which are legacy. */
export function readMessage(exchange: Exchange, body: Buffer | null): Result<Message> {
  if (body === null) {
    const era = checkVersion(exchange, null);
    return era.ok ? ok({ era: 'legacy', calls: [], body: null }) : era;
  }
  if (!isUtf8(body)) return envelopeUnreadable({ detail: 'not UTF-8' });
  const result = readMessages(body);
  if (!result.ok) {
    const { detail, idText } = result;
    const make = result.unreadable ? envelopeUnreadable : envelopeInvalid;
    return make({ detail, ...(idText === undefined ? {} : { idText }) });
  }
  const { messages, batch } = result;
  if (batch && messages.length === 0) return envelopeInvalid({ detail: 'an empty batch' });
  const era = checkVersion(exchange, result);
  return era.ok ? ok({ era: era.value, calls: messages.map(toCall), body }) : era;
}
