// Writes docs/failures.md from the failure table: `npm run build && node scripts/failures-doc.mjs`.
// Only the explanations are written here; all other facts come from dist/core/failures.js.
import { writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

const COLUMNS = 100;

/**
 * By reason: the cause, and the action for the reader. The lines of each flow together into one
 * paragraph. A line that begins with "- " begins an item of a list.
 */
export const meanings = {
  'origin.refused': {
    cause: ['A web page of a foreign origin sent the request, or it had two `Origin` lines.'],
    action: ['If the page is yours, list its origin in `origins` of the endpoint.'],
  },
  'route.unknown': {
    cause: ['No endpoint has this path.'],
    action: ['Compare the URL in the client with `path` of the endpoints. Each letter must match.'],
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
  'gateway.fault': {
    cause: ['The gateway has a bug.'],
    action: ['Please report it. The log line has the stack.'],
  },
  'credential.missing': {
    cause: ['The request had no credential. Every login starts this way.'],
    action: ['None. The client starts its login.'],
  },
  'credential.malformed': {
    cause: [
      'The text after the scheme is not one token. It is empty, it is two words, or it has',
      'characters that a token cannot have.',
    ],
    action: ['Fix the client.'],
  },
  'credential.scheme': {
    cause: ['The endpoint does not accept the scheme of the `Authorization` header.'],
    action: ['Send `Bearer`, or configure the scheme in `passThrough` of the endpoint.'],
  },
  'token.malformed': {
    cause: [
      'The gateway cannot read the token. The `detail` in the log says why:',
      '- The token is not a JWT, and no issuer of the endpoint introspects such a token.',
      '- The token is encrypted. Its client probably asked the issuer for no audience.',
      '- The token has a `crit` or `b64` header, or a `kid` that is not a text of at most 256',
      'characters.',
      '- The payload is not a JSON object, or the JWT has other text around it.',
    ],
    action: [
      'Let the client ask for the audience of this server. An opaque token needs `introspection`',
      'at its issuer. Where `tokenPrefixes` are configured, it must begin with one of them.',
    ],
  },
  'token.algorithm': {
    cause: ['The token has no signature, or its algorithm is not in `algorithms` of the issuer.'],
    action: ['If the issuer really uses this algorithm, add it.'],
  },
  'token.type': {
    cause: [
      'The token is not an access token, or does not show that it is one:',
      '- It is an ID token, a logout token or another kind.',
      '- Its `typ` is not one that `typ` of the issuer accepts.',
      '- It lacks the claim by which the preset of its issuer marks access tokens.',
    ],
    action: ['Make the client send the access token. See `typ` and `preset` of the issuer.'],
  },
  'token.issuer': {
    cause: ['The token names an issuer that this endpoint does not accept.'],
    action: [
      'Compare `iss` of the token with `issuers` of the endpoint. A slash at the end counts.',
    ],
  },
  'token.key_unknown': {
    cause: [
      'The issuer does not publish a key for this token. The token is old and its key is retired,',
      'or the token is forged. The `detail` in the log says which keys were missing:',
      '- No key has the `kid` of the token, or that key is for another algorithm.',
      '- The token has no `kid`, and several keys fit.',
    ],
    action: ['Log in again.'],
  },
  'token.signature': {
    cause: [
      'The signature is wrong. The token is forged or damaged, or comes from another issuer that',
      'uses the same `kid`.',
    ],
    action: ['Log in again. If it repeats, look for the issuer that signed the token.'],
  },
  'token.claims': {
    cause: [
      'A claim is missing or has a value that the gateway cannot use. The `detail` in the log',
      'names it:',
      '- `exp` is missing, or a date is not a date.',
      '- `aud`, or a claim that `claims` of the issuer names, has the wrong type.',
      '- The subject is missing, or the tenant that `requireTenant` needs.',
      '- The token is bound to a key (`cnf`), which the gateway cannot check.',
      '- An introspection response names another issuer or another type of token.',
    ],
    action: ['Make the issuer write the claim, or change `claims` of the issuer.'],
  },
  'token.not_yet_valid': {
    cause: ['The token is not valid yet. Its `nbf` or `iat` is in the future.'],
    action: ['Correct the clocks, or raise `clockToleranceSeconds`.'],
  },
  'token.expired': {
    cause: ['The `exp` of the token is past.'],
    action: ['None. The client gets a new token.'],
  },
  'token.inactive': {
    cause: [
      'The issuer says that this token is not active. It was revoked, it expired, or the issuer',
      'never issued it.',
    ],
    action: ['Log in again.'],
  },
  'keys.unavailable': {
    cause: [
      'The gateway could not fetch the keys of the issuer. So it cannot tell whether the token',
      'is good.',
    ],
    action: [
      'Read the notices `keys.load_failed` in the log, then look at the issuer. Callers keep',
      'their tokens and retry.',
    ],
  },
  'introspection.unavailable': {
    cause: [
      'The gateway has no introspection response for this token. The `detail` in the log says why:',
      '- The endpoint gave no usable response.',
      '- The gateway pauses for a few seconds, because five responses in a row were not usable.',
      '- Too many introspection requests are in progress.',
    ],
    action: ['Look at the issuer. Callers keep their tokens and retry.'],
  },
  'introspection.gateway_rejected': {
    cause: ['The introspection endpoint rejected the credentials of the gateway.'],
    action: ['Fix `introspection.auth`, `clientId`, and `clientSecret` or `privateKey`.'],
  },
  'audience.mismatch': {
    cause: [
      'The token is good, but not for this server. Its audience is another one or missing, or',
      'nothing shows that it is an access token and not an ID token.',
    ],
    action: [
      'Make the client ask for this resource (RFC 8707). Or list the audience that the issuer',
      'writes in `audience`; see [idps.md](idps.md).',
    ],
  },
  'audience.legacy': {
    cause: [
      'The caller sent a JWT as a pass-through credential. The gateway would not check its',
      'audience there.',
    ],
    action: ['Send the token as `Bearer`.'],
  },
  'body.too_large': {
    cause: ['The body is larger than `limits.maxBodyBytes` of the endpoint.'],
    action: ['If the tool needs it, raise the limit.'],
  },
  'body.media_type': {
    cause: [
      'The body is not `application/json`, or is compressed, or has another charset than UTF-8.',
    ],
    action: ['Fix the client.'],
  },
  'envelope.unreadable': {
    cause: ['The body is not JSON, is not UTF-8, or is nested deeper than 128 levels.'],
    action: ['Fix the client.'],
  },
  'envelope.invalid': {
    cause: [
      'The body is JSON, but not one JSON-RPC message. The `detail` in the log says why:',
      '- A name occurs twice, also in another spelling.',
      '- An object has more than 100 names beside those of MCP, or a name above 256 bytes.',
      '- The `id` is neither a string nor an integer.',
      '- The revision does not have batches, or the batch is empty or has more than 32 messages.',
      '- The call does not name the tool, prompt or resource that the rules are about.',
    ],
    action: ['Fix the client.'],
  },
  'envelope.header_mismatch': {
    cause: [
      'A header does not say what the body says. The `detail` in the log names the header:',
      '- `MCP-Protocol-Version`, `Mcp-Method` or `Mcp-Name` is missing or differs from the body.',
      '- One of these, or `Mcp-Session-Id`, occurs twice.',
    ],
    action: ['Fix the client, or the proxy that changed or dropped the header.'],
  },
  'scope.insufficient': {
    cause: [
      'The token lacks a scope that the call needs. The challenge names all scopes that the call',
      'needs.',
    ],
    action: ['The client asks the user for consent.'],
  },
  'tool.denied': {
    cause: [
      'A rule of the endpoint does not let this caller use this tool. More scopes would not help.',
    ],
    action: ['None, or change `tools` of the endpoint.'],
  },
  'prompt.denied': {
    cause: [
      'A rule of the endpoint does not let this caller use this prompt. More scopes would not',
      'help.',
    ],
    action: ['None, or change `prompts` of the endpoint.'],
  },
  'resource.denied': {
    cause: [
      'A rule of the endpoint does not let this caller use this resource. Or servers could read',
      'its URI in different ways, because segments go up or it is escaped twice. More scopes',
      'would not help.',
    ],
    action: ['Write the URI in its plain form, or change `resources` of the endpoint.'],
  },
  'session.not_found': {
    cause: [
      'The gateway does not accept the session id. The `detail` in the log says why:',
      '- It is not a session id of this gateway, or of another version.',
      '- It belongs to another caller, endpoint or upstream, or it was altered.',
      '- It is older than 24 h.',
      '- It was sealed with a key that is not in the ring.',
    ],
    action: [
      'The client starts a new session. If it happens after a restart or between replicas, give',
      'all replicas the same `sessionKeys`.',
    ],
  },
  'upstream.busy': {
    cause: [
      'As many requests as `upstream.maxConcurrentRequests` are in progress, or as many streams as',
      '`upstream.maxStreams`.',
    ],
    action: ['Raise the limit, or give the MCP server more capacity.'],
  },
  'upstream.unreachable': {
    cause: [
      'The gateway could not connect to the MCP server. The server refused the connection, its',
      'name is unknown, or TLS failed.',
    ],
    action: ['Check that the MCP server runs and that `upstream.url` is right.'],
  },
  'upstream.timeout': {
    cause: [
      'The MCP server did not answer within `upstream.connectTimeoutMs` or',
      '`upstream.headersTimeoutMs`.',
    ],
    action: ['Look at the MCP server, or raise the limit.'],
  },
  'upstream.broken': {
    cause: [
      'The MCP server closed the connection before its response, or sent a response that the',
      'gateway does not forward:',
      '- a redirect, HTML, an impossible status, or more than 16 interim responses',
      '- a body where the status allows none, or a transfer coding other than chunked',
      '- a session id that is not 1 to 1024 visible ASCII characters',
      '- a list to be filtered that is compressed, not JSON, ambiguous, longer than 4 MiB, or with',
      'more names than the gateway compares',
    ],
    action: ['Read the log of the MCP server. The `detail` in the log of the gateway says why.'],
  },
  'upstream.gateway_rejected': {
    cause: [
      'The MCP server answered 401 or 403 to a caller whom the gateway had verified. There are two',
      'usual causes:',
      '- The MCP server wants a credential. The gateway does not send it one.',
      '- `upstream.url` leads to another gateway, or back to this one. The second gateway sees no',
      'credential, and it looks for the credential before it looks for a loop.',
    ],
    action: [
      'Let the MCP server accept requests of the gateway without a credential, and let only the',
      'gateway reach it. Check `upstream.url`.',
    ],
  },
  'stream.broken': {
    cause: [
      'The MCP server closed the connection within a response. Or it sent an event that the',
      'gateway could not read where it filters lists. The caller saw a cut connection, or this',
      'error as the last event where one was possible.',
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
      'None for a listening stream: the client opens it again. For the response of a call,',
      'raise `streams.maxSeconds`.',
    ],
  },
  'connection.bad_request': {
    cause: [
      'The request is ambiguous or is not HTTP. Examples are two `Host` lines, a wrong target and',
      'an `Upgrade`.',
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
      'The request did not arrive in time: 10 s for its head, 30 s for all of it. The line is',
      'slow, or a client holds connections open on purpose.',
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
      'gateway closed the connection. The client hangs, the line is dead, or the client holds',
      'connections on purpose.',
    ],
    action: ['Look at the client if it repeats.'],
  },
  'credential.in_query': {
    cause: [
      'The URL has a parameter that names a token or a key, such as `access_token`, `api_key` or',
      'the name of a key header. URLs are written to logs on their way.',
    ],
    action: ['Send the credential in its header. Treat the one in the URL as leaked: revoke it.'],
  },
  'credential.multiple': {
    cause: [
      'The request had more than one credential. Two readers could see two different callers.',
    ],
    action: ['Send one credential.'],
  },
  'key.sunset': {
    cause: ['The day `sunset` of this pass-through credential has come.'],
    action: ['Move the client to OAuth, or change `sunset`.'],
  },
  'verify.fault': {
    cause: ['The gateway has a bug in a check of the credential. It did not let the request pass.'],
    action: ['Please report it. The log line has the stack.'],
  },
  'envelope.version': {
    cause: ['The client asks for a revision of MCP that the gateway does not serve.'],
    action: ['Use a revision that `data.supported` of the response lists.'],
  },
  'envelope.meta': {
    cause: [
      'A request of revision 2026-07-28 lacks `protocolVersion` or `clientCapabilities` in its',
      '`_meta`.',
    ],
    action: ['Fix the client.'],
  },
  'method.denied': {
    cause: [
      'The endpoint has rules. The message has a method that the protocol does not have, or is a',
      'response of the client.',
    ],
    action: ['If it should pass, add it to `methods.allow`, or set `methods.clientResponses`.'],
  },
  'upstream.refused_caller': {
    cause: ['The MCP server verifies this pass-through credential itself, and rejected it.'],
    action: ['Fix the credential.'],
  },
  'upstream.loop': {
    cause: ['The request was in this gateway before. `upstream.url` leads back to it.'],
    action: ['Fix `upstream.url`.'],
  },
};

/** By the first word of the log event: the stage that refuses. In the order of a request. */
const stages = {
  http: 'Connection, route and origin',
  identify: 'Credential',
  verify: 'Token and issuer',
  authorize: 'Audience, message and rules',
  proxy: 'Session, MCP server and streams',
  gateway: 'Faults of the gateway',
};

const HEAD = `# Failures

<!-- Written by scripts/failures-doc.mjs from src/core/failures.ts. Do not edit. -->

Every request that the gateway rejects, and every response that ends badly, has one reason. The
same word is in three places:

- in the log line, as \`reason\`
- in the metric \`portcullis_http_requests_total\`, as the label \`reason\`
- on this page, as a heading

## How to read this page

The caller sees only the status, the challenge, the JSON-RPC code and the message. The messages are
constant, so a response tells nothing about a token or the MCP server.

The request id leads to the log line, which says more in \`detail\`. The response has this id in
\`X-Request-Id\` and in its body. A request that the gateway could not read does not have an id.

- **Challenge** is the \`error\` of the \`WWW-Authenticate\` header. A challenge without error
  does not have one, because the request had no usable credential (RFC 6750 section 3.1).
- **Blame** names who has to act. The \`dependency\` is the issuer or the MCP server. The
  \`gateway\` includes its configuration. A 4xx status always blames the \`caller\`.
- **No HTTP status** means that the response had begun, or that the client was gone. A JSON-RPC
  error without a status is the last event of the stream.
- Every 503 of this table has \`Retry-After\`, in whole seconds from 1 to 30.
- Where an endpoint has \`denialResponse: jsonrpc\`, four reasons come with HTTP 200:
  \`tool.denied\`, \`prompt.denied\`, \`resource.denied\` and \`method.denied\`. This holds for a
  call with an \`id\` outside a batch.
`;

const CODE = /`[^`]*`/g;
/** Text in backticks stays on one line. */
const words = (text) =>
  text
    .replace(CODE, (code) => code.replaceAll(' ', '\0'))
    .split(' ')
    .map((word) => word.replaceAll('\0', ' '));

function wrap(text, first, rest) {
  const lines = [];
  let line = first;
  let isEmpty = true;
  for (const word of words(text)) {
    if (!isEmpty && line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = rest;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line].join('\n');
}

/** A paragraph behind its label, and a list behind the paragraph. */
function paragraph(label, lines) {
  const blocks = [`**${label}:**`];
  for (const line of lines) {
    if (line.startsWith('- ')) blocks.push(line);
    else blocks.push(`${blocks.pop()} ${line}`);
  }
  const [text, ...items] = blocks;
  const list = items.map((item) => wrap(item.slice(2), '- ', '  '));
  return [wrap(text, '', ''), ...(list.length > 0 ? [list.join('\n')] : [])].join('\n\n');
}

function facts({ status, challenge, code, message, event, level, blame }) {
  const error = challenge === 'bare' ? 'without error' : `\`${challenge}\``;
  const http = status === null ? 'No HTTP status' : `HTTP status ${status}`;
  return [
    `- ${http}${challenge === null ? '' : `, challenge ${error}`}`,
    code === null ? '- No JSON-RPC error' : `- JSON-RPC error ${code}, message "${message}"`,
    `- Log event \`${event}\`, level ${level}`,
    `- Blame: ${blame}`,
  ].join('\n');
}

function section(definition) {
  const { reason } = definition;
  const meaning = meanings[reason];
  if (meaning === undefined)
    throw new Error(`${reason} has no meaning in scripts/failures-doc.mjs`);
  return [
    `### ${reason}`,
    facts(definition),
    paragraph('Cause', meaning.cause),
    paragraph('Action', meaning.action),
  ].join('\n\n');
}

const link = ({ reason }) => `[${reason}](#${reason.replaceAll('.', '')})`;

function statusIndex(table) {
  const statuses = [...new Set(table.map(({ status }) => status))];
  statuses.sort((a, b) => (a ?? 1000) - (b ?? 1000));
  const items = statuses.map((status) => {
    const links = table.filter((one) => one.status === status).map(link);
    return wrap(`**${status ?? 'No status'}:** ${links.join(', ')}`, '- ', '  ');
  });
  return ['## Reasons by HTTP status', items.join('\n')].join('\n\n');
}

const stageOf = ({ event }) => event.split('.', 1)[0];

/** The whole document. */
export function render(table) {
  const lost = table.find((one) => !Object.hasOwn(stages, stageOf(one)));
  if (lost !== undefined) throw new Error(`${lost.event} has no stage in scripts/failures-doc.mjs`);
  const parts = Object.entries(stages).flatMap(([stage, title]) => {
    const own = table.filter((one) => stageOf(one) === stage);
    return own.length === 0 ? [] : [`## ${title}`, ...own.map(section)];
  });
  return `${[HEAD.trimEnd(), statusIndex(table), ...parts].join('\n\n')}\n`;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { failureTable } = await import('../dist/core/failures.js');
  writeFileSync(new URL('../docs/failures.md', import.meta.url), render(failureTable));
}
