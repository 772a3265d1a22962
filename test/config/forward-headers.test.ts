// Which request headers an operator may let pass: none by which a server knows a caller, and none
// with a meaning of its own.
import { describe, expect, test } from 'vitest';
import { forwardHeaders } from '../../src/config/schema/forward-headers.js';

const problemOf = (name: unknown): string | undefined => forwardHeaders.safeParse([name]).error?.issues[0]?.message;
const words = (text: string): string[] => text.trim().split(/\s+/);

test.each(
  words(`X-Region x-region X-Locale X-Feature-Flags X-Debug X-Api-Version X-Request-Id X-Correlation-Id X-Project-Id
    X-Workspace X-Client-Version X-Subscription-Id X-Report X-Important X-Stage2 Prefer Priority DNT X-B3-TraceId
    X-Cloud-Trace-Context X-Amzn-Trace-Id Idempotency-Key X-Idempotency-Key`),
)('%s may pass', (name) => expect(problemOf(name)).toBeUndefined());

describe.each<[string, RegExp, string]>([
  ['is forwarded anyway', /anyway/, 'Accept Accept-Language Content-Type User-Agent TraceParent Tracestate Baggage'],
  ['belongs to MCP', /of MCP/, 'Mcp-Session-Id MCP-Protocol-Version Mcp-Method mcp-name Mcp-Param-Region Mcp-X Last-Event-ID'],
  [
    'concerns one connection or an address',
    /one connection or an address/,
    `Connection Keep-Alive TE Trailer Transfer-Encoding Upgrade HTTP2-Settings Expect Host Via Origin Referer Content-Length
    Content-Encoding Accept-Encoding Range If-None-Match Sec-Fetch-Site Access-Control-Request-Headers Max-Forwards
    Proxy-Connection Proxy-Authorization Forwarded X-Forwarded-For X-Forwarded-User X-Forwarded-Host X-Forwarded X-Real-IP
    True-Client-IP CF-Connecting-IP X-Client-IP Remote-Addr Remote-User X-Remote-User X-Original-URL X-Rewrite-URL
    X-HTTP-Method X-Method X-ClientIP X-SourceIP CDN-Loop Front-End-Https X-HTTP-Method-Override X-Middleware-Subrequest X-Accel-Redirect X-Envoy-Internal X-Host X-Proto`,
  ],
  [
    'could be a caller or a credential',
    /name a caller or a credential/,
    `Authorization Authorization2 Cookie Cookie2 DPoP X-Api-Key ApiKey X-ApiKey Api-Key X-Auth-Token X-Access-Token
    X-Amz-Security-Token X-Csrf-Token X-Secret X-Password X-Session X-Session-Id X-JWT X-Signature X-User XUser X-User-Id Username
    X-Userid X-Auth-Request-Email X-Authenticated-Userid X-Goog-Authenticated-User-Email X-Amzn-Oidc-Identity
    X-Ms-Client-Principal X-Consumer-Username Ssl-Client-S-Dn X-SSL-Client-Verify Client-Cert X-Client-Cert X-Client-Id
    X-Tenant X-Tenant-Id X-Org-Id X-Organization X-Subject X-Sub X-Email X-Mail X-Role X-Roles X-Groups X-Scopes X-Claims X-Admin
    X-Account-Id X-Customer-Id X-Portcullis-Subject X-Idempotency-Key-Token
    From Sudo X-Sudo On-Behalf-Of X-On-Behalf-Of Impersonate X-Impersonate Impersonate-Extra-Dept X-Act-As X-Run-As X-Masquerade
    X-Delegate X-Caller X-Caller-Id X-Requester X-Passcode X-PIN X-Pat X-Hmac X-Hmac-Sha256 X-Spiffe-Id X-Kerberos X-Ntlm
    X-Msisdn X-Nokia-Msisdn X-IsAdmin X-LoginName`,
  ],
  ['has another form', /letters, digits/, 'X_Region X.Region X-Région X:Region -X 1X *'],
])('a header that %s', (_what, problem, names) => {
  test.each(words(names))('%s is a problem in any case', (name) => {
    for (const spelled of [name, name.toLowerCase(), name.toUpperCase()]) expect(problemOf(spelled)).toMatch(problem);
  });
});

test.each(['', ' ', 'X Region', 'X-Region ', 'X-Region: us', 1, null, ['X-Region']])('%j is not a header name', (value) => {
  expect(problemOf(value)).toMatch(/^write a header name, such as X-Region/);
});
