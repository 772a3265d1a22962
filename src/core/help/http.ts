// Causes and actions of the failures about connections, routes and credentials, by reason.
import type { Meanings } from './meaning.js';

export const http: Meanings = {
  'origin.refused': {
    cause: ['A web page of a foreign origin sent the request, or it had two `Origin` lines.'],
    action: ['If the page is yours, list its origin in `origins` of the endpoint.'],
  },
  'route.unknown': {
    cause: ['No endpoint has this path.'],
    action: ['Compare the URL in the client with `path` of the endpoints. Each letter must match.'],
  },
  'route.slash': {
    cause: ['No endpoint has this path, but one has it with more or fewer slashes.'],
    action: [
      'Write the path of `data.path` in the client. It is the `path` of the configuration. A proxy in',
      'front of the gateway must not add or merge slashes.',
    ],
  },
  'route.host': {
    cause: [
      'Every endpoint has a `host`, and none has the host of the `Host` header. A proxy in front of',
      'the gateway may replace the header, or DNS may lead another name to the gateway.',
    ],
    action: [
      'Let the proxy pass `Host` on as the client sent it. Or add the name to `host` of an endpoint,',
      'or correct the URL in the client.',
    ],
  },
  'method.refused': {
    cause: ['MCP does not have this HTTP method at this path, or not in this revision.'],
    action: ['Send POST. The `Allow` header of the response names every method.'],
  },
  'client.disconnected': {
    cause: [
      'The client closed its connection before the response was complete.',
      'The log line has status 499 where no response had begun.',
    ],
    action: [
      'None, unless it repeats. Then look for a timeout in the client, or in a proxy in front',
      'of the gateway.',
    ],
  },
  'gateway.draining': {
    cause: ['This replica is shutting down.'],
    action: ['The client retries. Another replica answers.'],
  },
  'audit.unavailable': {
    cause: [
      'The gateway cannot write audit records, and `audit.onFailure` is `reject`.',
      'A full disk, a folder that is gone, and a collector that is away cause this.',
    ],
    action: [
      'Look at the log line `audit.down`: it names the destination and the error.',
      'The gateway tries again each second, and serves calls once it has written.',
    ],
  },
  'gateway.fault': {
    cause: ['The gateway has a bug.'],
    action: ['Please report it. The log line has the stack.'],
  },
  'credential.missing': {
    cause: [
      'The request had no credential, or an empty one, such as `Authorization: Bearer` alone. Every',
      'login starts this way.',
    ],
    action: ['None. The client starts its login.'],
  },
  'credential.malformed': {
    cause: [
      'The text after the scheme is not one token. It is two words, or it has characters that a',
      'token cannot have. Perhaps it is in quotes, or it is the JSON of a token response. The',
      '`detail` in the log says which.',
    ],
    action: ['Fix the client.'],
  },
  'credential.scheme': {
    cause: ['The endpoint does not accept the scheme of the `Authorization` header.'],
    action: [
      'Send `Bearer`, or configure the scheme in `apiKeys` or `passThrough` of the endpoint.',
    ],
  },
  'connection.bad_request': {
    cause: [
      'The request is ambiguous or is not HTTP. Examples are two `Host` lines, a wrong target and',
      'a GET with a body.',
    ],
    action: ['Fix the client, or the proxy in front of the gateway.'],
  },
  'connection.target_too_long': {
    cause: ['The request target is longer than 8192 characters.'],
    action: ['Fix the client.'],
  },
  'connection.headers_too_large': {
    cause: [
      'The header is larger than 64 KiB, has more than 200 lines, or has a credential above',
      '32 KiB.',
    ],
    action: ['Fix the client, or let the issuer put less into its tokens, such as fewer groups.'],
  },
  'connection.too_slow': {
    cause: [
      'The request did not arrive in time: 10 s for its head, 30 s for all of it. The connection',
      'is slow, or a client holds connections open on purpose.',
    ],
    action: ['None for a single case. Limit connections in front of the gateway if it repeats.'],
  },
  'connection.expectation': {
    cause: ['The request has an `Expect` header other than `100-continue`.'],
    action: ['Fix the client.'],
  },
  'client.stalled': {
    cause: [
      'The client did not read its response for `limits.clientStallTimeoutSeconds`, and the',
      'gateway closed the connection. The client hangs, the network path is dead, or the client',
      'holds connections open on purpose.',
    ],
    action: ['Look at the client if it repeats.'],
  },
  'credential.in_query': {
    cause: [
      'The URL has a parameter that names a token or a key, such as `access_token`, `api_key` or',
      'the name of a key header. Servers and proxies write URLs to their logs.',
    ],
    action: ['Send the credential in its header. Treat the one in the URL as leaked: revoke it.'],
  },
  'credential.multiple': {
    cause: [
      'The request had more than one credential. Two readers could see two different callers.',
    ],
    action: ['Send one credential.'],
  },
};
