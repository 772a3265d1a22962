// Checks the protocol version of a message and returns its era. The era of a POST comes from its
// body; GET and DELETE are legacy. Only the lists of versions.ts decide, never the order of dates.
import { type RequestHead, singleHeader } from '../core/exchange.js';
import type { Failure, FailureDetails } from '../core/failure.js';
import {
  envelopeHeaderMismatch,
  envelopeInvalid,
  envelopeMeta,
  envelopeVersion,
} from '../core/failures.js';
import type { Era } from '../core/message.js';
import { ok, type Result } from '../core/result.js';
import { findMismatch } from './header-consistency.js';
import type { MessageFields } from './message-reader.js';
import { INITIALIZE } from './methods.js';
import { BATCH_VERSION, LEGACY_VERSIONS, MODERN_VERSIONS, SUPPORTED_VERSIONS } from './versions.js';

const LEGACY = ok<Era>('legacy');
const MODERN = ok<Era>('modern');

/** At most once in every era: readers use the first line, or join all lines (B-58, duplicates). */
const SINGLE_HEADERS = ['mcp-session-id', 'mcp-method', 'mcp-name'];

/** `supported`: versions that a message of this form can request (B-37, one list of versions). */
function unsupported(
  requested: string,
  supported: readonly string[],
  idText: string | undefined,
): Failure {
  const data = { supported, requested };
  return envelopeVersion({
    detail: 'the gateway does not serve this version',
    data,
    ...(idText === undefined ? {} : { idText }),
  });
}

function checkModern(
  head: RequestHead,
  header: string | undefined,
  fields: MessageFields,
): Result<Era> {
  const shared: FailureDetails =
    fields.idText === undefined || fields.method === undefined ? {} : { idText: fields.idText };
  const isRequest = fields.idText !== undefined;
  if (fields.method === undefined)
    return envelopeInvalid({ ...shared, detail: 'this revision has no responses of clients' });
  const version = fields.metaVersion;
  // A notification may have no _meta. Then the header alone names the version.
  if (version === undefined && isRequest)
    return envelopeMeta({ ...shared, detail: 'protocolVersion' });
  if (version !== undefined && header !== version)
    return envelopeHeaderMismatch({ ...shared, detail: 'MCP-Protocol-Version' });
  if (!MODERN_VERSIONS.includes(header as string))
    return unsupported(header as string, MODERN_VERSIONS, fields.idText);
  const mismatch = findMismatch(head, fields);
  if (mismatch !== null) return envelopeHeaderMismatch({ ...shared, detail: mismatch });
  if (isRequest && !fields.metaHasCapabilities)
    return envelopeMeta({ ...shared, detail: 'clientCapabilities' });
  return MODERN;
}

/** `content` is null for GET and DELETE, which have no body. */
export function checkVersion(
  head: RequestHead,
  content: { readonly messages: readonly MessageFields[]; readonly batch: boolean } | null,
): Result<Era> {
  const header = singleHeader(head, 'mcp-protocol-version');
  if (header === null) return envelopeHeaderMismatch({ detail: 'two MCP-Protocol-Version lines' });
  for (const name of SINGLE_HEADERS) {
    if (singleHeader(head, name) === null)
      return envelopeHeaderMismatch({ detail: `two ${name} lines` });
  }
  const single = content === null || content.batch ? undefined : content.messages[0];
  const modernHeader = header !== undefined && MODERN_VERSIONS.includes(header);
  // The body of `initialize` negotiates the version, so its header decides nothing.
  const negotiates = single?.method === INITIALIZE;
  if (single !== undefined && (single.metaVersion !== undefined || (modernHeader && !negotiates)))
    return checkModern(head, header, single);
  // Before the lists of versions, so that a served version is not reported as unsupported.
  if (content?.batch) {
    const allowed = header === undefined || header === BATCH_VERSION;
    if (allowed && content.messages.every((message) => message.metaVersion === undefined))
      return LEGACY;
    return envelopeInvalid({ detail: `a batch outside revision ${BATCH_VERSION}` });
  }
  if (header !== undefined && !negotiates && !LEGACY_VERSIONS.includes(header))
    return unsupported(header, SUPPORTED_VERSIONS, single?.idText);
  return LEGACY;
}
