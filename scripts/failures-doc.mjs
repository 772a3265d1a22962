// Writes docs/failures.md from the failure table: `npm run build && node scripts/failures-doc.mjs`. Decides nothing but the wording of
// "what happened and what to do"; everything else comes from dist/core/failures.js.
import { writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

/** By kind: what happened, and what to do. */
export const meanings = {
  'origin.refused':
    'A web page of a foreign origin called. If it is yours, list it in the `origins` of the endpoint.',
  'route.unknown':
    'No endpoint has this path. Compare the URL in the client with the `path` of the endpoints, letter by letter.',
  'method.refused':
    'MCP has no such HTTP method here, or not in this revision. Send POST; `Allow` names the others.',
  'client.disconnected':
    'The caller closed its connection before the answer was there. Nothing to do unless it repeats: then look for a timeout of the client or of a proxy in front.',
  'gateway.draining': 'This replica is shutting down. Retry; another replica answers.',
  'gateway.fault': 'A bug of the gateway. The log line has the stack: please report it.',
  'credential.missing': 'There was no credential. This is how every login starts; nothing to do.',
  'credential.malformed':
    'What follows the scheme is not one token: empty, two words, or characters that no token has. Mend the client.',
  'credential.scheme':
    'The Authorization scheme is not one that this endpoint takes. Send Bearer, or configure the scheme under `legacy`.',
  'token.malformed':
    'The token cannot be read: no JWT although nothing else is configured, encrypted, too long, or with headers that we do not know. An encrypted one means that the client asked the issuer for no audience; an opaque one needs `introspection`, and one of the `tokenPrefixes` where these are given.',
  'token.algorithm':
    'The token is signed with an algorithm that is not in the `algorithms` of its issuer. Add it if the issuer really uses it.',
  'token.type':
    'It is no access token but an ID token, a logout token or the like, or its `typ` is not accepted, or it lacks the mark that the preset of its issuer wants. Make the client send the access token; see `typ` and `preset` of the issuer.',
  'token.issuer':
    'The token names an issuer that this endpoint does not accept. Compare its `iss` with `issuers`, slash at the end included.',
  'token.key_unknown':
    'The issuer publishes no key with the `kid` of the token. The token is old and its key retired, or the token is forged. Log in again.',
  'token.signature':
    'The signature is wrong: a forged or damaged token, or one of another issuer that uses the same `kid`.',
  'token.claims':
    'A claim that is needed is missing or has no usable value: `exp`, `aud`, one that `claims` of the issuer names, the tenant where `requireTenant` wants it, or a binding (`cnf`) that cannot be checked. The detail in the log names it.',
  'token.not_yet_valid':
    'The token is not valid yet (`nbf` or `iat` lies ahead). Set the clocks right, or raise `clockToleranceSeconds`.',
  'token.expired': 'The token is past its `exp`. The client gets a new one; nothing to do.',
  'token.inactive':
    'The issuer says that this token is not active: revoked, expired or never issued. Log in again.',
  'keys.unavailable':
    'The keys of the issuer could not be fetched, so nobody can say whether the token is good. Look at the notices `keys.load_failed` in the log, then at the issuer. Callers keep their tokens and retry.',
  'introspection.unavailable':
    'The introspection endpoint did not give a usable answer, is left alone for a few seconds after five that were none, or too many questions are under way. Look at the issuer; `detail` says which. Callers keep their tokens and retry.',
  'introspection.gateway_rejected':
    'The introspection endpoint refused the credentials of the gateway. Mend `introspection.auth`, `clientId` and `clientSecret` or `privateKey`.',
  'audience.mismatch':
    'The token is good, but for another server. Make the client ask for this resource (RFC 8707), or list the audience that the issuer gives under `audience` (docs/idps.md).',
  'audience.passThrough':
    'A JWT came under a legacy scheme, where nobody would check its audience. Send it as Bearer.',
  'body.too_large':
    'The body is larger than `limits.maxBodyBytes` of the endpoint. Raise it if the tool needs it.',
  'body.media_type':
    'The body is not `application/json`, or is compressed or in another charset. Mend the client.',
  'envelope.unreadable': 'The body is no JSON, no UTF-8, or is nested too deeply. Mend the client.',
  'envelope.invalid':
    'The body is JSON but not one JSON-RPC message: a name that stands twice or in another spelling, more than 100 names, a wrong id, a batch where the revision has none. The detail in the log says which.',
  'envelope.header_mismatch':
    'A header that mirrors the body (`MCP-Protocol-Version`, `Mcp-Method`, `Mcp-Name`) is missing or says something else than the body, or one of these or `Mcp-Session-Id` stands twice. The detail in the log names it. Mend the client, or the proxy that changed or dropped the header.',
  'scope.insufficient':
    'The token lacks a scope that the call needs. The challenge names all that are needed; the client asks for consent.',
  'tool.denied': 'A rule of the endpoint keeps this caller from this tool. No scope would help.',
  'prompt.denied':
    'A rule of the endpoint keeps this caller from this prompt. No scope would help.',
  'resource.denied':
    'A rule of the endpoint keeps this caller from this resource, or its URI is written in a way that readers take for different ones (segments that go up, escaped twice). No scope would help.',
  'session.not_found':
    'The session id is not of this caller, endpoint or upstream, is older than 24 h, or was sealed with a key that is not in the ring; the log says which. The client starts a new session. Where it happens after a restart, or between replicas: give all of them the same `sessionKeys`.',
  'upstream.busy':
    'As many requests as `upstream.maxConcurrentRequests` (or streams as `maxStreams`) are under way. Raise the limit or give the MCP server more room.',
  'upstream.unreachable':
    'No connection to the MCP server: refused, unknown name, or TLS. Look whether it runs and whether `upstream.url` is right.',
  'upstream.timeout':
    'The MCP server did not answer within `upstream.connectTimeoutMs` or `headersTimeoutMs`. Look at it, or raise the limit.',
  'upstream.broken':
    'The MCP server broke the connection before its answer, or answered something that is not passed on: a redirect, HTML, an impossible status, a body where there is none, more than 16 interim answers, a list to be filtered that is compressed, no JSON, ambiguous, longer than 4 MiB or with more names than are judged. Look at its log.',
  'upstream.gateway_rejected':
    'The MCP server answered 401 or 403 to a caller whom the gateway has checked. It gets no credential from the gateway: let it accept what comes from the gateway without one, and let nobody else reach it. Or `upstream.url` leads to another gateway, or back to this one: a loop shows so, because the second gateway sees no credential before it looks for a loop.',
  'stream.broken':
    'The MCP server broke off within an answer, or sent an event that cannot be read where lists are filtered. The caller saw a cut or, where it can be said, this error as the last event. Look at the log of the server. Where `detail` is `cut by the shutdown`, the answer was not over when the gateway had waited 25 s for it.',
  'stream.max_duration':
    'A listening stream was ended because the token behind it ended, or any stream because of `streams.maxSeconds`. Nothing to mend: the client opens it again. The answer of a call ends with this error or, where it cannot be said, a cut: raise `maxSeconds`.',
  'connection.bad_request':
    'The request is ambiguous or no HTTP: two Host lines, a wrong target, an Upgrade. Mend the client or the proxy in front.',
  'connection.target_too_long':
    'The request target is longer than 8192 characters. Mend the client.',
  'connection.headers_too_large':
    'The header is larger than 64 KiB, has more than 200 lines, or a credential of more than 32 KiB. Mend the client, or have the issuer put less (groups) into its tokens.',
  'connection.expectation':
    'The request has an `Expect` other than `100-continue`. Mend the client.',
  'client.stalled':
    'The caller did not read: for `limits.clientStallTimeoutSeconds` it took nothing of what waited for it, and its connection was closed. A client that hangs, a line that is gone, or somebody who holds places on purpose.',
  'credential.in_query':
    'The URL holds what looks like a token or a key (`access_token`, `api_key`, the name of a key header). URLs stand in logs: send it in its header, and take it for leaked.',
  'connection.too_slow':
    'The request did not arrive in time. A slow line, or somebody who holds connections open on purpose.',
  'credential.multiple':
    'There was more than one credential, and two readers might take two callers from them. Send one.',
  'key.unknown': 'No configured API key is this one. Compare it with `apiKeys`.',
  'key.sunset':
    'The day on which this way in ends has come. Move the client to OAuth, or move `sunset`.',
  'verify.fault':
    'A bug of the gateway while it checked a credential; nothing was let through. The log line has the stack: please report it.',
  'envelope.version':
    'The client asks for a revision of MCP that is not served. The answer lists those that are.',
  'envelope.meta':
    'A request of revision 2026-07-28 lacks `protocolVersion` or `clientCapabilities` in its `_meta`. Mend the client.',
  'method.denied':
    'The endpoint has rules, and this is no method of the protocol, or the answer of a client. If it is to pass, name it under `methods`.',
  'claim.missing':
    'The upstream is to get a claim that the token does not have. Make the issuer add it, or mark it optional in the header template.',
  'rate.limited': 'The caller sent more than its limit. It retries after the time given.',
  'exchange.unavailable':
    'The issuer gave no answer to the exchange of the token for one of the upstream. Look at the issuer.',
  'exchange.refused':
    'The issuer refuses to exchange this token for one of the upstream. Look at its policy for this client.',
  'upstream.refused_caller':
    'The MCP server, which verifies this legacy credential itself, refused it. Mend the credential.',
  'upstream.loop':
    'The request has been through this gateway already: `upstream.url` leads back to it. Mend `upstream.url`.',
};

/** Kinds that the table has and no step raises: what they are for is not built. `test/core/failure.test.ts` compares this with the code. */
export const notRaised = [
  'key.unknown',
  'claim.missing',
  'rate.limited',
  'exchange.unavailable',
  'exchange.refused',
];

const HEAD = `# Failures

<!-- Written by scripts/failures-doc.mjs from src/core/failures.ts. Do not edit. -->

Every refusal has one reason. The same word stands in the log (\`reason\`), in the metric (\`reason\` of \`portcullis_http_requests_total\`) and
here. The caller sees only the status, the challenge and the message; the request id in \`X-Request-Id\` and in the body leads to the log
line, which says more.

Rows without a status happen after the answer has begun: their code and message, where they have them, come as the last event of the stream.

The challenge is the \`error\` of \`WWW-Authenticate\`; "bare" is a challenge without one. Every 503 and 429 carries \`Retry-After\`. Where
an endpoint has \`denialResponse: jsonrpc\`, \`tool.denied\`, \`prompt.denied\`, \`resource.denied\` and \`method.denied\` come with HTTP 200, if the call has
an id and is no batch.
A row that says "Not raised yet" belongs to something that is not built: no version so far refuses with it.

`;

const COLUMNS = [
  'Reason',
  'Whose',
  'HTTP',
  'Challenge',
  'JSON-RPC',
  'Message',
  'Log event',
  'Level',
  'What happened, what to do',
];

const code = (value) => (value === null ? '' : `\`${value}\``);

const cellsOf = ({ kind, blame, status, challenge, code: rpc, message, event, level }) => {
  const meaning = meanings[kind];
  if (meaning === undefined) throw new Error(`${kind} has no meaning in scripts/failures-doc.mjs`);
  const error = challenge === 'bare' ? 'bare' : code(challenge);
  const told = notRaised.includes(kind) ? `Not raised yet. ${meaning}` : meaning;
  return [
    code(kind),
    blame,
    status ?? '',
    error,
    rpc ?? '',
    message ?? '',
    code(event),
    level,
    told,
  ].map(String);
};

/** The whole document. Cells are padded, as the formatter of this repository wants them. */
export function render(table) {
  const rows = [COLUMNS, ...table.map(cellsOf)];
  const widths = COLUMNS.map((_, i) => Math.max(...rows.map((cells) => cells[i].length)));
  const line = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  const [head, ...body] = rows.map(line);
  return `${[HEAD + head, line(widths.map((width) => '-'.repeat(width))), ...body].join('\n')}\n`;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { failureTable } = await import('../dist/core/failures.js');
  writeFileSync(new URL('../docs/failures.md', import.meta.url), render(failureTable));
}
