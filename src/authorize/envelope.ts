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

function unsupported(requested: string, idText: string | undefined): Failure {
  const data = { supported: SUPPORTED_VERSIONS, requested };
  return envelopeVersion({ detail: 'version is not in the list', data, ...(idText === undefined ? {} : { idText }) });
}

function checkModern(head: RequestHead, header: string | undefined, scanned: Scanned): Verdict<Era> {
  const about: Particulars = scanned.idText === undefined ? {} : { idText: scanned.idText };
  const isRequest = scanned.idText !== undefined;
  if (scanned.method === undefined) return envelopeInvalid({ ...about, detail: 'a response in a revision without them' });
  const version = scanned.metaVersion;
  // Notifications need carry no _meta; then the header alone names the version.
  if (version === undefined && isRequest) return envelopeMeta({ ...about, detail: 'protocolVersion' });
  if (version !== undefined && header !== version) return envelopeHeaderMismatch({ ...about, detail: 'MCP-Protocol-Version' });
  if (!MODERN_VERSIONS.includes(header as string)) return unsupported(header as string, scanned.idText);
  const differs = disagreement(head, scanned);
  if (differs !== null) return envelopeHeaderMismatch({ ...about, detail: differs });
  if (isRequest && !scanned.metaHasCapabilities) return envelopeMeta({ ...about, detail: 'clientCapabilities' });
  return MODERN;
}

/** `content` is null for GET and DELETE, which have no body. */
export function checkVersion(
  head: RequestHead,
  content: { readonly messages: readonly Scanned[]; readonly batch: boolean } | null,
): Verdict<Era> {
  const header = singleHeader(head, 'mcp-protocol-version');
  if (header === null) return envelopeHeaderMismatch({ detail: 'two MCP-Protocol-Version lines' });
  const only = content === null || content.batch ? undefined : content.messages[0];
  const modernHeader = header !== undefined && MODERN_VERSIONS.includes(header);
  if (only !== undefined && (modernHeader || only.metaVersion !== undefined)) return checkModern(head, header, only);
  if (header !== undefined && !LEGACY_VERSIONS.includes(header)) return unsupported(header, only?.idText);
  if (content?.batch) {
    const allowed = header === undefined || header === BATCH_VERSION;
    if (!allowed || content.messages.some((message) => message.metaVersion !== undefined)) {
      return envelopeInvalid({ detail: `a batch outside revision ${BATCH_VERSION}` });
    }
  }
  return LEGACY;
}
