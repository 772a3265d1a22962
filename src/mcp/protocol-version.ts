// Decides the era and version of a message and whether both are served. The era of a POST comes from its body; GET and DELETE are legacy.
// Never decides by order of dates, only by the lists in versions.ts.
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
import { BATCH_VERSION, LEGACY_VERSIONS, MODERN_VERSIONS, SUPPORTED_VERSIONS } from './versions.js';

const LEGACY = ok<Era>('legacy');
const MODERN = ok<Era>('modern');

/** In every era: one reader takes the first line, another joins them (B-58). */
const ALSO_ONCE = ['mcp-session-id', 'mcp-method', 'mcp-name'];

/** `supported`: those that can be asked for in the form in which this one was (B-37). */
function unsupported(
  requested: string,
  supported: readonly string[],
  idText: string | undefined,
): Failure {
  const data = { supported, requested };
  return envelopeVersion({
    detail: 'version is not in the list',
    data,
    ...(idText === undefined ? {} : { idText }),
  });
}

function checkModern(
  head: RequestHead,
  header: string | undefined,
  scanned: MessageFields,
): Result<Era> {
  const about: FailureDetails =
    scanned.idText === undefined || scanned.method === undefined ? {} : { idText: scanned.idText };
  const isRequest = scanned.idText !== undefined;
  if (scanned.method === undefined)
    return envelopeInvalid({ ...about, detail: 'a response in a revision without them' });
  const version = scanned.metaVersion;
  // Notifications need carry no _meta; then the header alone names the version.
  if (version === undefined && isRequest)
    return envelopeMeta({ ...about, detail: 'protocolVersion' });
  if (version !== undefined && header !== version)
    return envelopeHeaderMismatch({ ...about, detail: 'MCP-Protocol-Version' });
  if (!MODERN_VERSIONS.includes(header as string))
    return unsupported(header as string, MODERN_VERSIONS, scanned.idText);
  const differs = findMismatch(head, scanned);
  if (differs !== null) return envelopeHeaderMismatch({ ...about, detail: differs });
  if (isRequest && !scanned.metaHasCapabilities)
    return envelopeMeta({ ...about, detail: 'clientCapabilities' });
  return MODERN;
}

/** `content` is null for GET and DELETE, which have no body. */
export function checkVersion(
  head: RequestHead,
  content: { readonly messages: readonly MessageFields[]; readonly batch: boolean } | null,
): Result<Era> {
  const header = singleHeader(head, 'mcp-protocol-version');
  if (header === null) return envelopeHeaderMismatch({ detail: 'two MCP-Protocol-Version lines' });
  for (const name of ALSO_ONCE) {
    if (singleHeader(head, name) === null)
      return envelopeHeaderMismatch({ detail: `two ${name} lines` });
  }
  const only = content === null || content.batch ? undefined : content.messages[0];
  const modernHeader = header !== undefined && MODERN_VERSIONS.includes(header);
  if (only !== undefined && (modernHeader || only.metaVersion !== undefined))
    return checkModern(head, header, only);
  // Before the list of versions: a batch in a revision that is served must not be told that it is not.
  if (content?.batch) {
    const allowed = header === undefined || header === BATCH_VERSION;
    if (allowed && content.messages.every((message) => message.metaVersion === undefined))
      return LEGACY;
    return envelopeInvalid({ detail: `a batch outside revision ${BATCH_VERSION}` });
  }
  if (header !== undefined && !LEGACY_VERSIONS.includes(header))
    return unsupported(header, SUPPORTED_VERSIONS, only?.idText);
  return LEGACY;
}
