// Checks the introspection endpoint of an issuer with a made-up token: a working endpoint accepts
// the gateway as its client, and calls the token inactive.
import {
  introspectionGatewayRejected,
  introspectionUnavailable,
  tokenInactive,
} from '../core/failures.js';
import { connectionFix, fail, ok, parted, type Verdict, warn } from './check-finding.js';
import { type IssuerProbe, isPage } from './check-probe.js';

const ACCEPTS_ANY =
  'correct introspection.url. This endpoint calls tokens active that the issuer never issued, so ' +
  'every caller would pass';

/** Null: the issuer has no introspection, or there is no place for it without metadata. */
export async function checkIntrospection(
  probe: IssuerProbe,
  madeUp: string,
): Promise<Verdict | null> {
  const { runtime, config } = probe;
  const { introspect, introspectionUrl } = runtime;
  if (introspect === null || introspectionUrl === null) return null;
  if (config.introspection?.url === null && runtime.metadata.last() === null) return null;
  const located = await introspectionUrl();
  let isActive = false;
  const token = `${config.tokenPrefixes?.[0] ?? ''}${madeUp}`;
  const result = await introspect(token, () => {
    isActive = true;
  });
  if (isActive || result.ok) return fail('calls a made-up token active', ACCEPTS_ANY);
  const { definition, detail = definition.reason } = result;
  if (definition === tokenInactive.definition)
    return result.detail === undefined
      ? ok('accepts the gateway, and calls a made-up token inactive')
      : warn(
          `${detail}, which was made up`,
          'RFC 7662 answers active: false. If good tokens fail too, compare auth and clientId of ' +
            'introspection with the client at the issuer',
        );
  const answer = typeof located === 'string' ? probe.answerOf(located) : undefined;
  const { observed, fix } = parted(detail);
  if (definition === introspectionGatewayRejected.definition)
    return fail(`rejects the credentials of the gateway (${observed})`, fix);
  if (answer?.kind === 'transport') return fail(observed, connectionFix(answer.detail));
  const page = isPage(answer) ? ' (an HTML page)' : '';
  return definition === introspectionUnavailable.definition
    ? fail(`${observed}${page}`, fix ?? 'read the log of the issuer: it cannot answer')
    : fail(observed, fix);
}
