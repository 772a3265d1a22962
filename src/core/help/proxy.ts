// Causes and actions of the failures about sessions, upstreams and streams, by reason.
import type { Meanings } from './meaning.js';

export const proxy: Meanings = {
  'exchange.refused': {
    cause: [
      'The token endpoint does not exchange the token of this caller: it answered 400 or 403. The',
      '`detail` in the log has its error code. Or the caller has an API key, and the gateway neither',
      'exchanges nor forwards API keys.',
    ],
    action: [
      'Look up the error code. Often the issuer does not let the client of the gateway exchange tokens',
      'for this audience. Or the client of the gateway is not in `aud` of the token. For an API key,',
      'write its `upstreamAuthorization`.',
    ],
  },
  'exchange.unavailable': {
    cause: [
      'The gateway got no usable token for the upstream, and forwarded nothing. The token endpoint did',
      'not answer in time, failed, or sent a token that is not for this upstream. Or the metadata of a',
      'server does not offer ID-JAGs. The `detail` in the log says which.',
    ],
    action: [
      'Check that the gateway can reach the token endpoint. Where the token is for another audience,',
      'correct `audience` of `upstream.credential` or the client at the identity provider.',
    ],
  },
  'exchange.gateway_rejected': {
    cause: [
      'The token endpoint rejects the gateway itself. It answered 401. With `client-credentials`, it',
      'answered 400, 401 or 403.',
    ],
    action: [
      'Check `clientId`, `auth` and the secret or key of `upstream.credential`. Until then, every caller',
      'gets this response for whom the gateway has no cached token.',
    ],
  },
  'session.not_found': {
    cause: [
      'The gateway does not accept the session id. The `detail` in the log says why:',
      '- This gateway did not seal it, or another version of the gateway did.',
      '- It belongs to another caller, endpoint or upstream, or it was altered.',
      '- It is older than 24 h.',
      '- The key that sealed it is not in `sessionKeys`.',
      '- The MCP server answered 401 without a challenge. Some servers answer so, instead of 404,',
      'where they do not know the session.',
    ],
    action: [
      'The client starts a new session, or its application connects again. If it happens after a',
      'restart or between replicas, give all replicas the same `sessionKeys`.',
    ],
  },
  'upstream.busy': {
    cause: [
      'As many requests as `upstream.maxConcurrentRequests` are in progress, or as many streams as',
      '`upstream.maxStreams`. The request waited 1 s for a free connection. Or too many requests',
      'were waiting already.',
    ],
    action: ['Raise the limit, or give the MCP server more capacity.'],
  },
  'upstream.unreachable': {
    cause: [
      'The gateway could not connect to the MCP server. The server refused the connection, DNS does',
      'not know its name, or TLS failed. For a GET stream, the gateway had tried for 5 s.',
    ],
    action: [
      'Check that the MCP server runs and that `upstream.url` is right. The `detail` in the log has',
      'the error code and the address, without path and query.',
    ],
  },
  'upstream.timeout': {
    cause: [
      'The MCP server did not answer within `upstream.connectTimeoutMs` or',
      '`upstream.headersTimeoutMs`.',
    ],
    action: [
      'Look at the MCP server, or raise the limit that the `detail` in the log names. A tool that',
      'answers in JSON sends the head with its result.',
    ],
  },
  'upstream.broken': {
    cause: [
      'The MCP server closed the connection before its response, or sent a response that the',
      'gateway does not forward:',
      '- a redirect, an impossible status, or more than 16 interim responses',
      '- HTML, text or a body without `Content-Type`, with status 200, in response to a request',
      '- a body where the status allows none, or a transfer coding other than chunked',
      '- a session id that is not 1 to 8192 visible ASCII characters',
      '- a list to be filtered that is compressed, not JSON, ambiguous, longer than 4 MiB, or with',
      'more names than the gateway compares',
    ],
    action: [
      'Read the log of the MCP server. The `detail` in the log of the gateway says why. For a',
      'redirect it names the target. If the target is the MCP server, write it as `upstream`.',
    ],
  },
  'upstream.gateway_rejected': {
    cause: [
      'The MCP server answered 401 or 403 to a caller whom the gateway had verified. The `detail` in',
      'the log names the credential, such as `status 401 to the static credential`. There are two',
      'usual causes:',
      '- The MCP server wants a credential, and the gateway sends none or a wrong one.',
      '- `upstream.url` leads to another gateway, or back to this one. The second gateway sees no',
      'credential, and it looks for the credential before it looks for a loop.',
    ],
    action: [
      'Read the log of the MCP server, and check `upstream.url`. Then it depends on',
      '`upstream.credential`:',
      '- `none`: configure the credential that the MCP server wants. If only the gateway reaches the',
      'server, the server may accept requests without one.',
      '- `static`, or the `upstreamAuthorization` of an API key: the key, its scheme or its header is',
      'wrong. Do not switch off the check of the key.',
      '- `identity`: the server expects another `iss`, `aud` or `typ`, or does not have the key yet.',
      '- `exchange` and `client-credentials`: the server expects another issuer, audience or scope.',
      'Compare them with `audience`, `resource` and `scopes` of the credential.',
      '- `forward`: a 403 of the server reaches the caller as it is, and a 401 is',
      '`upstream.refused_caller`. So the caller has an API key with its own `upstreamAuthorization`.',
    ],
  },
  'upstream.version': {
    cause: [
      'The MCP server answered `initialize` with a revision of MCP that the gateway does not serve.',
      'The error has the served revisions in `data.supported`, and that of the server in',
      '`data.answered`.',
    ],
    action: ['Use an MCP server, or a client, with one of the served revisions.'],
  },
  'stream.broken': {
    cause: [
      'The MCP server closed the connection within a response. Or it sent an event that the',
      'gateway could not read where it filters lists. The caller saw a cut connection, or this',
      'error as the last event where one was possible.',
      'If `detail` begins with `late response`, the MCP server rejected a GET stream more than 1.5 s',
      'after the connection. The gateway had begun the stream by then, and ended it.',
    ],
    action: [
      'Read the log of the MCP server. If `detail` is `cut by the shutdown`, the response was not',
      'complete when the gateway had waited 25 s for it.',
    ],
  },
  'stream.max_duration': {
    cause: [
      'The gateway ended a listening stream because its token ended, or any stream because of',
      '`streams.maxSeconds`. The response of a call ends with this error, or with a cut where the',
      'error is not possible.',
    ],
    action: [
      'None for a listening stream: the client opens it again. For clients that do not, set',
      '`streams.outliveTokenSeconds`. For the response of a call, raise `streams.maxSeconds`.',
    ],
  },
  'stream.revoked': {
    cause: [
      'The gateway ended an event stream because its caller has no access any more. A reload removed',
      'or changed the API key, the issuer, the endpoint or the place of the credential. Or the',
      'credential reached its `sunset`. The response of a call ends with this error, or with a cut',
      'where the error is not possible.',
    ],
    action: ['None, if the change was intended. The `detail` in the log says what is gone.'],
  },
  'upstream.refused_caller': {
    cause: [
      'The MCP server itself verifies the credential of this caller, and answered 401. The caller is',
      'under `passThrough`, or the endpoint has `kind: forward`.',
    ],
    action: [
      'Fix the credential. With `kind: forward`, check that the MCP server accepts the audience of the',
      'token.',
    ],
  },
  'upstream.client_error': {
    cause: [
      'The MCP server answered with a status from 400 to 499. The caller got its response unchanged.',
      'Servers of the older revisions do this in normal operation:',
      '- 405 for a GET: the server offers no GET stream.',
      '- 404 for a request with a session id: the session ended, and the client starts a new one.',
      '- 400 for a request without a session: the client did not send `initialize` first.',
    ],
    action: [
      'None for these. For others, read the log of the MCP server. If the `detail` in the log names',
      'a media type such as `text/html`, the path of `upstream.url` may be wrong.',
    ],
  },
  'upstream.server_error': {
    cause: [
      'The MCP server answered with a status from 500 to 599. The caller got its response unchanged.',
      'If the `detail` in the log names a media type such as `text/html`, a proxy between gateway and',
      'MCP server may have sent it.',
    ],
    action: ['Read the log of the MCP server.'],
  },
  'upstream.loop': {
    cause: ['The request was in this gateway before. `upstream.url` leads back to it.'],
    action: ['Fix `upstream.url`.'],
  },
};
