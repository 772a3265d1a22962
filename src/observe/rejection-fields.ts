// The fields that only the line of a failure has: who was rejected, and for which server the token
// is. A name that begins with `unverified.` holds a text of the caller, which nothing proves.
import { singleHeader } from '../core/exchange.js';
import { audienceMismatch } from '../core/failures.js';
import type { RequestSummary } from '../core/request-summary.js';
import { carriersOf, shorten } from './log-fields.js';
import { maskTokens } from './mask-tokens.js';

/** The configuration may list many audiences. */
const AUDIENCES = 20;

export function rejectionFields(summary: RequestSummary): Record<string, unknown> {
  const { exchange, endpoint, failure } = summary;
  if (failure === null) return {};
  const { detail, unverified, vouched, definition } = failure;
  const carriers = carriersOf(summary);
  const short = (text: string | null | undefined) => shorten(text, carriers);
  const shortEach = (texts: readonly string[]) => texts.map(short);
  const fields: Record<string, unknown> = {
    detail: detail === undefined ? undefined : maskTokens(detail, carriers),
    'user_agent.original': short(singleHeader(exchange, 'user-agent')),
  };
  if (unverified !== undefined) {
    const { aud } = unverified;
    fields['unverified.iss'] = short(unverified.iss);
    fields['unverified.aud'] = typeof aud === 'object' ? shortEach(aud) : short(aud);
    fields['unverified.sub'] = short(unverified.sub);
    fields['unverified.client_id'] = short(unverified.client_id);
  }
  if (definition !== audienceMismatch.definition || endpoint === null) return fields;
  const issuer = vouched?.issuer ?? unverified?.iss ?? '';
  const accepted = [...endpoint.audience, ...(endpoint.issuerAudience.get(issuer) ?? [])];
  if (vouched !== undefined) fields.audience = shortEach(vouched.audience.slice(0, AUDIENCES));
  fields.acceptedAudience = shortEach(accepted.slice(0, AUDIENCES));
  return fields;
}
