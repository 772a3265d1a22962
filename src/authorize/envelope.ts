// Decides the era and version of a message and whether both are served. The era of a POST comes from its body; GET and DELETE are legacy.
// Never decides by order of dates, only by the lists in versions.ts.
import { type RequestHead, singleHeader } from '../core/exchange.js';
import {
  envelopeHeaderMismatch,
  envelopeInvalid,
  envelopeMeta,
  envelopeVersion,
  type Failure,
  type Particulars,
} from '../core/failure.js';
import type { Era } from '../core/message.js';
import { good, type Verdict } from '../core/verdict.js';
import { disagreement } from './mirror.js';
import type { Scanned } from './scan.js';
import { BATCH_VERSION, LEGACY_VERSIONS, MODERN_VERSIONS, SUPPORTED_VERSIONS } from './versions.js';

const LEGACY = good<Era>('legacy');
const MODERN = good<Era>('modern');

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
  scanned: Scanned,
): Verdict<Era> {
  const about: Particulars =
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
  const differs = disagreement(head, scanned);
  if (differs !== null) return envelopeHeaderMismatch({ ...about, detail: differs });
  if (isRequest && !scanned.metaHasCapabilities)
    return envelopeMeta({ ...about, detail: 'clientCapabilities' });
  return MODERN;
}

/** `content` is null for GET and DELETE, which have no body. */
export function checkVersion(
  head: RequestHead,
  content: { readonly messages: readonly Scanned[]; readonly batch: boolean } | null,
): Verdict<Era> {
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
