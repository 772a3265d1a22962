// Writes docs/failures.md from the failure table: `npm run build && node scripts/failures-doc.mjs`.
// The explanations come from dist/core/help/, all other facts from dist/core/failures.js.
import { writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

const COLUMNS = 100;

/** By the first word of the log event: the stage that rejects. In the order of a request. */
const stages = {
  http: 'Connection, route and origin',
  identify: 'Credential',
  verify: 'Token and issuer',
  authorize: 'Audience, message and rules',
  proxy: 'Session, MCP server and streams',
  oauth: 'OAuth endpoints of the bridge',
  gateway: 'Faults of the gateway',
};

const HEAD = `# Failures

<!-- Written by scripts/failures-doc.mjs from src/core/failures.ts. Do not edit. -->

Every request that the gateway rejects, every response that ends badly, and every error of the MCP
server has one reason. The same word is in three places:

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
- The JSON-RPC error has the \`id\` of the call. If the rejection does not depend on the body, the
  gateway reads up to 64 KiB of it, for at most a second. In a longer body, or one in chunks, it
  finds the \`id\` only at the start, before \`method\`. One reason always has
  \`"id": null\`: \`session.not_found\`, because the whole session is lost.
- **No HTTP status** means that the response had begun, or that the client was gone. A JSON-RPC
  error without a status is the last event of the stream. Two reasons are for responses of the MCP
  server that pass unchanged: \`upstream.client_error\` and \`upstream.server_error\`. The reasons
  \`grant.*\` are for answers of the bridge, in the form of RFC 6749. The log line has their status.
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

function section(definition, meanings) {
  const { reason } = definition;
  const meaning = meanings[reason];
  if (meaning === undefined) throw new Error(`${reason} has no meaning in src/core/help`);
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

/** The whole document. `meanings`: those of src/core/help. */
export function render(table, meanings) {
  const lost = table.find((one) => !Object.hasOwn(stages, stageOf(one)));
  if (lost !== undefined) throw new Error(`${lost.event} has no stage in scripts/failures-doc.mjs`);
  const parts = Object.entries(stages).flatMap(([stage, title]) => {
    const own = table.filter((one) => stageOf(one) === stage);
    return own.length === 0 ? [] : [`## ${title}`, ...own.map((one) => section(one, meanings))];
  });
  return `${[HEAD.trimEnd(), statusIndex(table), ...parts].join('\n\n')}\n`;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { failureTable } = await import('../compiled/core/failures.js');
  const { meanings } = await import('../compiled/core/help/meanings.js');
  writeFileSync(new URL('../docs/failures.md', import.meta.url), render(failureTable, meanings));
}
