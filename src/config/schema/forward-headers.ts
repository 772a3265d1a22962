// The schema of `forwardHeaders`: further request headers that the gateway forwards as they are.
// Never one that an upstream could take for the caller, for its credential or for its address.
import { z } from 'zod';

const HINT = 'write a header name, such as X-Region';

/** `proxy/headers.ts` forwards these already. It forwards `Mcp-*` after its own checks. */
const FORWARDED =
  /^(accept|accept-language|content-type|user-agent|traceparent|tracestate|baggage)$/;
const MCP = /^(mcp-.*|last-event-id)$/;
/** Framing, negotiation, routing, addresses: they belong to one hop, or the gateway sets them. */
const OF_THE_HOP = new RegExp(
  '^(connection|keep-alive|te|trailer|upgrade|expect|host|via|origin|referer|max-forwards|' +
    'early-data|date|http2-settings|cdn-loop|front-end-https|(x-)?(http-)?method|range|' +
    'transfer-.*|content-.*|accept-.*|if-.*|sec-.*|' +
    'access-control-.*|x-accel-.*|x-envoy-.*|x-middleware-.*|x-sendfile)$|' +
    // In any place of the name.
    'forward|proxy|override|rewrite|original|(client|remote|source|peer|socket)ip|' +
    // As a word of the name.
    '(^|-)(ip|ips|ipaddress|addr|address|remote|real|host|proto|scheme|port|url|uri)(-|$)',
);
/** Names by which servers take a caller or a credential. Letters around a stem do not matter. */
const OF_THE_CALLER = new RegExp(
  'auth|user|token|secret|passw|passphrase|credential|cookie|session|jwt|dpop|bearer|apikey|' +
    'principal|identit|tenant|mail|oidc|saml|sso|assertion|cert|csrf|xsrf|portcullis|account|' +
    'permission|privilege|entitlement|consumer|subject|organi[sz]ation|admin|login|sudo|' +
    'impersonat|behalf|masquerad|delegat|caller|requester|passcode|hmac|spiffe|kerberos|ntlm|' +
    'msisdn|' +
    '(^|-)(key|keys|sub|uid|upn|dn|sid|org|orgid|role|roles|group|groups|scope|scopes|claim|' +
    'claims|actor|as|from|pin|pat|ssl|tls|otp|mfa|proof|signature|sig|clientid|ident|person|' +
    'member|customer|customerid|employee|owner)(-|$)|' +
    'client-(id|name|dn|s|verify)(-|$)',
);
/** A common header that is not a credential in spite of its name. */
const IDEMPOTENCY_KEY = /^(x-)?idempotency-key$/;

const refused =
  (names: RegExp) =>
  (value: string): boolean =>
    IDEMPOTENCY_KEY.test(value.toLowerCase()) || !names.test(value.toLowerCase());

export const forwardHeaders = z
  .array(
    z
      .string({ error: HINT })
      // Servers take X_Region for X-Region, so another character could spell a rejected name.
      .regex(/^[A-Za-z][A-Za-z0-9-]*$/, { error: `${HINT}: letters, digits and -` })
      .refine((value) => !FORWARDED.test(value.toLowerCase()), {
        error: 'the gateway forwards this header anyway; remove it',
        abort: true,
      })
      .refine((value) => !MCP.test(value.toLowerCase()), {
        error: 'the gateway itself decides about this header of MCP; remove it',
        abort: true,
      })
      .refine(refused(OF_THE_HOP), {
        error:
          'the gateway never forwards this header, because it concerns one connection or an ' +
          'address; remove it',
        abort: true,
      })
      .refine(refused(OF_THE_CALLER), {
        error:
          'the gateway never forwards this header, because it could name a caller or a ' +
          'credential; choose another name, or passThrough for a key',
      }),
    { error: 'write a list of header names, such as [X-Region]' },
  )
  .default([]);
