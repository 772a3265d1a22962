// Makes an API key and its entry in the registry, or the entry of a key on standard input. Shows a
// key only if it made that key, and only once.
import { createHash, randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { keyFlaw } from '../config/key-strength.js';
import { knownHashProblem } from '../config/known-hashes.js';
import { pathText } from '../config/problems.js';
import { bearerPrefix } from '../config/schema/api-key-carrier.js';
import { type ApiKeyLine, apiKeyLineSchema } from '../config/schema/api-key-line.js';
import { parseWithProblems } from '../config/schema-problems.js';
import { readStdin } from './bearer-token.js';
import { type CommandIo, processIo } from './command-io.js';

export const hashKeyHelp = `portcullis hash-key [OPTIONS]
portcullis hash-key --stdin [OPTIONS] < FILE

Makes an API key of 256 random bits, and shows it once with its entry for apiKeys. The entry has
the SHA-256 of the key, from which no one can compute the key.

  --name NAME      name of the key in the configuration, the log and the bridge; without it,
                   key- and 8 characters of the hash
  --prefix PREFIX  the key begins with it, as in sk_live_; endpoints with that bearerPrefix take
                   such keys as bearer tokens
  --scopes LIST    scopes of the key, with commas between them
  --tenant TENANT  tenant of the key
  --sunset DAY     the gateway rejects the key from this day on, such as 2027-06-30
  --endpoints LIST paths of the endpoints that take the key, with commas between them; without it,
                   each endpoint with apiKeys
  --line           the entry as one line for apiKeysFile. The key goes to standard error, so that
                   >> keys.jsonl appends the entry alone
  --stdin          prints the entry of the key on standard input, without the key. Rejects a
                   key of less than 128 bits
  --help           this text

Never give a key as an argument: the list of processes and the history of the shell show it.
Exit codes: 0 done, 1 the command rejects the key, 2 bad command line.`;

const KEY_BYTES = 32;
const AS_ARGUMENT =
  'hash-key takes no key as an argument: the list of processes and the history of the shell show ' +
  'it. Write the key to a file and run: portcullis hash-key --stdin < FILE';
const TERMINAL =
  'Standard input is a terminal, which would show the key. Write the key to a file and run: ' +
  'portcullis hash-key --stdin < FILE';

const listOf = (text: string | undefined): string[] | undefined =>
  text
    ?.split(/[,\s]+/)
    .map((one) => one.trim())
    .filter((one) => one !== '');

const withoutLineEnd = (text: string): string => text.replace(/\r?\n$/, '');

/** YAML takes the texts of JSON. Plain words need no quotes. */
const yamlText = (text: string): string =>
  /^[A-Za-z][\w./:-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text);
const yamlList = (list: readonly string[]): string => `[${list.map(yamlText).join(', ')}]`;

function yamlEntry({ name, sha256, scopes, tenant, sunset, endpoints }: ApiKeyLine): string {
  const fields = [
    `sha256: ${JSON.stringify(sha256)}`,
    ...(scopes.length > 0 ? [`scopes: ${yamlList(scopes)}`] : []),
    ...(tenant === undefined ? [] : [`tenant: ${yamlText(tenant)}`]),
    ...(sunset === undefined ? [] : [`sunset: ${sunset}`]),
    ...(endpoints === undefined ? [] : [`endpoints: ${JSON.stringify(endpoints)}`]),
  ];
  return [`  ${JSON.stringify(name)}:`, ...fields.map((field) => `    ${field}`)].join('\n');
}

interface Values {
  readonly name?: string | undefined;
  readonly prefix?: string | undefined;
  readonly scopes?: string | undefined;
  readonly tenant?: string | undefined;
  readonly sunset?: string | undefined;
  readonly endpoints?: string | undefined;
}

/** The entry of a key, or the problems of the options. */
function entryOf(key: string, values: Values): ApiKeyLine | string[] {
  const sha256 = createHash('sha256').update(key).digest('hex');
  const { name = `key-${sha256.slice(0, 8)}`, tenant, sunset } = values;
  const [scopes, endpoints] = [listOf(values.scopes) ?? [], listOf(values.endpoints)];
  const given = { tenant, sunset, endpoints };
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  const line = { name, sha256, scopes, ...Object.fromEntries(set) };
  const { value, problems } = parseWithProblems(apiKeyLineSchema, line);
  if (problems.length === 0) return value as ApiKeyLine;
  return problems.map(({ path, message }) => `--${pathText(path)}: ${message}`);
}

/** The key on standard input, or why the command rejects it. */
async function givenKey(prefix: string, io: CommandIo): Promise<{ key: string } | string> {
  if ((io.stdin as { readonly isTTY?: boolean }).isTTY === true) return TERMINAL;
  const key = withoutLineEnd(await readStdin(io.stdin));
  const sha256 = createHash('sha256').update(key).digest('hex');
  const flaw = keyFlaw(key, prefix) ?? knownHashProblem(sha256);
  return flaw === null ? { key } : `hash-key rejects this key: ${flaw}.`;
}

export async function hashKey(args: readonly string[], io: CommandIo = processIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      name: { type: 'string' },
      prefix: { type: 'string' },
      scopes: { type: 'string' },
      tenant: { type: 'string' },
      sunset: { type: 'string' },
      endpoints: { type: 'string' },
      line: { type: 'boolean' },
      stdin: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    io.write(hashKeyHelp);
    return 0;
  }
  if (positionals.length > 0) {
    io.writeError(AS_ARGUMENT);
    return 2;
  }
  const { prefix = '', line = false, stdin = false } = values;
  const badPrefix = prefix === '' ? undefined : bearerPrefix.safeParse(prefix).error;
  if (badPrefix !== undefined) {
    io.writeError(`--prefix: ${badPrefix.issues[0]?.message}`);
    return 2;
  }
  const given = stdin ? await givenKey(prefix, io) : null;
  if (typeof given === 'string') {
    io.writeError(given);
    return 1;
  }
  const key = given?.key ?? prefix + randomBytes(KEY_BYTES).toString('base64url');
  const entry = entryOf(key, values);
  if (Array.isArray(entry)) {
    for (const problem of entry) io.writeError(problem);
    return 2;
  }
  const tell = line ? io.writeError : io.write;
  if (given === null) tell(`The key, which is shown only here. Give it to its caller:\n${key}`);
  if (!line && given === null) io.write('\nIts entry for apiKeys of the configuration:');
  io.write(line ? JSON.stringify(entry) : yamlEntry(entry));
  return 0;
}
