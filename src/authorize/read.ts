// Decides whether a body is one message that can be carried: media type, size, UTF-8, JSON-RPC, batches only where the revision has
// them. The bytes read are the bytes forwarded. Never decides whether the caller may send it.
import { isUtf8 } from 'node:buffer';
import type { Endpoint } from '../core/endpoint.js';
import { type Exchange, singleHeader } from '../core/exchange.js';
import { bodyMediaType, envelopeInvalid, envelopeUnreadable, type Failure } from '../core/failure.js';
import type { Call, Message } from '../core/message.js';
import { good, type Verdict } from '../core/verdict.js';
import { checkVersion } from './envelope.js';
import { nameOf } from './mirror.js';
import { type Scanned, scan } from './scan.js';

const BATCH_MESSAGES = 32;
const JSON_TYPE = /^application\/json\s*(;|$)/i;
const OTHER_CHARSET = /;\s*charset\s*=\s*(?!"?utf-?8"?\s*(;|$))/i;

function checkMediaType(exchange: Exchange): Failure | null {
  const type = singleHeader(exchange, 'content-type');
  if (type === null) return envelopeInvalid({ detail: 'two Content-Type lines' });
  if (type === undefined || !JSON_TYPE.test(type) || OTHER_CHARSET.test(type))
    return bodyMediaType({ detail: 'not application/json' });
  // Bytes that we did not decode are bytes that we did not read (B-19).
  return exchange.names.includes('content-encoding') ? bodyMediaType({ detail: 'Content-Encoding' }) : null;
}

function toCall(scanned: Scanned): Call {
  return { method: scanned.method ?? null, name: nameOf(scanned) ?? null, idText: scanned.idText };
}

export async function readMessage(exchange: Exchange, endpoint: Endpoint): Promise<Verdict<Message>> {
  if (exchange.method !== 'POST') {
    const era = checkVersion(exchange, null);
    return era.ok ? good({ era: 'legacy', calls: [], body: null }) : era;
  }
  const refusedType = checkMediaType(exchange);
  if (refusedType !== null) return refusedType;
  const read = await exchange.readBody(endpoint.bodyBytes);
  if (!read.ok) return read;
  const body = read.value;
  if (!isUtf8(body)) return envelopeUnreadable({ detail: 'not UTF-8' });
  const scanned = scan(body);
  if (!scanned.ok) {
    const { detail, idText } = scanned;
    const make = scanned.unreadable ? envelopeUnreadable : envelopeInvalid;
    return make({ detail, ...(idText === undefined ? {} : { idText }) });
  }
  const { messages, batch } = scanned;
  if (batch && (messages.length === 0 || messages.length > BATCH_MESSAGES)) {
    return envelopeInvalid({ detail: `a batch of ${messages.length}` });
  }
  const era = checkVersion(exchange, { messages, batch });
  if (!era.ok) return era;
  return good({ era: era.value, calls: messages.map(toCall), body });
}
