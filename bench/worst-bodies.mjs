// Measures the worst cost of reading a body: bodies of the largest size, each slow in its own way.
//
// Usage: `npm run build`, then `node bench/worst-bodies.mjs`, or with another size in bytes.
import { isUtf8 } from 'node:buffer';
import { readMessages } from '../compiled/mcp/message-reader.js';

const BYTES = Number(process.argv[2] ?? 4_194_304);
const RUNS = 7;

const HEAD = '"jsonrpc":"2.0","id":1,"method":"m"';
const inTop = (members) => `{${HEAD},${members}}`;
const inParams = (members) => `{${HEAD},"params":{${members}}}`;
const inMeta = (members) => inParams(`"_meta":{${members}}`);
const asArguments = (value) => inParams(`"arguments":${value}`);

/** As many pieces as fit, with commas between them. `piece` may depend on its number. */
function filled(piece) {
  const of = typeof piece === 'string' ? () => piece : piece;
  const parts = [];
  for (let i = 0, bytes = 0; bytes < BYTES - 300; i++) {
    const part = of(i);
    bytes += Buffer.byteLength(part) + 1;
    parts.push(part);
  }
  if (parts.length > 1) parts.pop();
  return parts.join();
}
const repeated = (text) => text.repeat(Math.floor((BYTES - 300) / Buffer.byteLength(text)));
const thousand = (of) => Array.from({ length: 1_000 }, (_, i) => of(i)).join();
const share = (of, parts) =>
  of.repeat(Math.floor((BYTES - 30_000) / parts / Buffer.byteLength(of)));

const message = (members) => `{"jsonrpc":"2.0","method":"m",${members}}`;
const hundred = (of) => Array.from({ length: 100 }, (_, i) => of(i)).join();
const batched = (inner) => `[${Array.from({ length: 32 }, () => inner).join()}]`;

const bodies = {
  'many names at the top': inTop(filled((i) => `"${i.toString(36)}":1`)),
  'many names in params': inParams(filled((i) => `"${i.toString(36)}":1`)),
  'many names in _meta': inMeta(filled((i) => `"${i.toString(36)}":1`)),
  'many names, all escaped': inParams(filled((i) => `"\\u0061${i.toString(36)}":1`)),
  'many names beyond ASCII': inParams(filled((i) => `"\u00e9${i.toString(36)}":1`)),
  'one name often': inParams(filled('"a":1')),
  'a known name often': inParams(filled('"name":"a"')),
  'params often, each full of names': `{${HEAD},${filled(`"params":{${thousand((i) => `"${i.toString(36)}":1`)}}`)}}`,
  'a batch, each message full of names': batched(
    message(
      `${thousand((i) => `"${i}":1`)},"params":{${thousand((i) => `"${i}":1`)},"_meta":{${thousand((i) => `"${i}":1`)}}}`,
    ),
  ),
  'a batch, each message with a hundred names': batched(
    message(
      `${hundred((i) => `"${i}":1`)},"params":{${hundred((i) => `"${i}":1`)},"_meta":{${hundred((i) => `"${i}":1`)}}}`,
    ),
  ),
  'a long name': inParams(`"${repeated('a')}":1`),
  'a long name beyond ASCII': inParams(`"${repeated('\u00df')}":1`),
  'a long name of escapes': inParams(`"${repeated('\\u0130')}":1`),
  'a hundred long names beyond ASCII': inParams(hundred((i) => `"${share('\u00e9', 100)}${i}":1`)),
  'a long method': `{"jsonrpc":"2.0","id":1,"method":"${repeated('m')}"}`,
  'a long method beyond ASCII': `{"jsonrpc":"2.0","id":1,"method":"${repeated('\u2028')}"}`,
  'a long method of escapes': `{"jsonrpc":"2.0","id":1,"method":"${repeated('\\u0130')}"}`,
  'a long method of short escapes': `{"jsonrpc":"2.0","id":1,"method":"${repeated('\\n')}"}`,
  'method often, of escapes': `{${HEAD},${filled(`"method":"${'\\n'.repeat(500)}"`)}}`,
  'a long id': `{"jsonrpc":"2.0","id":"${repeated('\\n')}","method":"m"}`,
  'a long id of digits': `{"jsonrpc":"2.0","id":${repeated('1')},"method":"m"}`,
  'id often': `{"jsonrpc":"2.0","method":"m",${filled('"id":1')}}`,
  'a long text': asArguments(`{"a":"${repeated('a')}"}`),
  'a long text of escapes': asArguments(`{"a":"${repeated('\\u0130')}"}`),
  'short texts': asArguments(`[${filled('""')}]`),
  digits: asArguments(`[${filled('1')}]`),
  fractions: asArguments(`[${filled('-1.5e-5')}]`),
  'one long number': asArguments(repeated('1')),
  literals: asArguments(`[${filled('null')}]`),
  'empty arrays': asArguments(`[${filled('[]')}]`),
  'empty objects': asArguments(`[${filled('{}')}]`),
  'deep arrays, side by side': asArguments(`[${filled('['.repeat(120) + ']'.repeat(120))}]`),
  'deep objects, side by side': asArguments(
    `[${filled(`${'{"":'.repeat(120)}1${'}'.repeat(120)}`)}]`,
  ),
  'an endless depth': asArguments(repeated('[')),
  'members of arguments': asArguments(`{${filled('"":1')}}`),
  'white space': `${repeated(' ')}${inTop('"a":1')}`,
  'white space between': asArguments(`[${filled('1 \n\t')}]`),
};

function median(bytes) {
  const times = [];
  for (let i = 0; i < RUNS; i++) {
    const before = process.cpuUsage();
    isUtf8(bytes);
    readMessages(bytes);
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  return times.sort((a, b) => a - b)[RUNS >> 1];
}

for (const text of Object.values(bodies)) readMessages(Buffer.from(text).subarray(0, 200_000));
let worst = 0;
for (const [name, text] of Object.entries(bodies)) {
  const bytes = Buffer.from(text);
  const result = readMessages(bytes);
  const spent = median(bytes);
  worst = Math.max(worst, spent);
  const outcome = result.ok ? 'accepted' : result.detail;
  console.log(
    `${spent.toFixed(1).padStart(7)} ms  ${(bytes.length / 1_048_576).toFixed(1)} MiB  ${name}: ${outcome}`,
  );
}
console.log(`at most ${worst.toFixed(1)} ms of CPU for one body`);
