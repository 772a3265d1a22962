// Decides whether a body is one message that can be carried: media type, size, UTF-8, JSON-RPC, batches only where the revision has
// them. The bytes read are the bytes forwarded. Never decides whether the caller may send it.
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

/** What can be refused before the body is asked for. */
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
  // Bytes that we did not decode are bytes that we did not read (B-19).
  return exchange.names.includes('content-encoding')
    ? bodyMediaType({ detail: 'Content-Encoding' })
    : null;
}

function toCall(scanned: MessageFields): Call {
  return { method: scanned.method ?? null, name: nameOf(scanned) ?? null, idText: scanned.idText };
}

/** The message of a POST; `body` is null for GET and DELETE, which are legacy and have none. */
export function readMessage(exchange: Exchange, body: Buffer | null): Result<Message> {
  if (body === null) {
    const era = checkVersion(exchange, null);
    return era.ok ? ok({ era: 'legacy', calls: [], body: null }) : era;
  }
  if (!isUtf8(body)) return envelopeUnreadable({ detail: 'not UTF-8' });
  const scanned = readMessages(body);
  if (!scanned.ok) {
    const { detail, idText } = scanned;
    const make = scanned.unreadable ? envelopeUnreadable : envelopeInvalid;
    return make({ detail, ...(idText === undefined ? {} : { idText }) });
  }
  const { messages, batch } = scanned;
  if (batch && messages.length === 0) return envelopeInvalid({ detail: 'an empty batch' });
  const era = checkVersion(exchange, scanned);
  return era.ok ? ok({ era: era.value, calls: messages.map(toCall), body }) : era;
}
