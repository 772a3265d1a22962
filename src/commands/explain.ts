// Runs `portcullis explain`: reads the options, selects the endpoint, prints the checks of a token.
// The checks are those of the gateway (explain-token.ts).
import { parseArgs } from 'node:util';
import { configuredNames, type GivenCredential, isPassThrough } from '../app/given-credential.js';
import { configFile } from '../config/config-file.js';
import type { ResolvedConfig } from '../config/resolved-config.js';
import { readWritten } from '../config/written-config.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Notice } from '../core/notice.js';
import { loadConfig } from '../launch/load-config.js';
import { findCredential } from './bearer-token.js';
import { type CommandIo, processIo } from './command-io.js';
import { explainTokenFor } from './explain-token.js';
import { explanationJson, explanationText } from './explanation-report.js';
import { fixText } from './fix-report.js';
import { headerCredentialOf } from './header-credential.js';
import { createPrintable } from './printable.js';

export const explainHelp = `\
portcullis explain [TOKEN] [--config FILE] [--endpoint NAME] [--tool NAME] [--json]

Checks a bearer token or an API key as the gateway does: with the same code and the same
configuration. It prints each check in order, with the value in the token (observed) and in the
configuration (expected). The last step is what the MCP server would get: names, lengths and
fingerprints. A failure has its reason code (docs/failures.md). The command sends requests for keys
or an introspection to the issuers of the configuration. If the gateway would accept the call, the
command asks the token endpoint of upstream.credential. It sends nothing else. It never prints the
token, the key or a secret of the configuration. It prints only those claims that a check reads.

  TOKEN             the token or the key, alone or in its header, such as 'X-Api-Key: KEY'; - reads
                    it from standard input. Every user of this machine can see the command line in
                    the list of processes; the variable PORTCULLIS_TOKEN is safer
  --config FILE     as for serve; without it PORTCULLIS_CONFIG, or the environment
  --endpoint NAME   the path of the endpoint, or its first host and path, or its resource (the URL
                    that clients use); required if there are several
  --tool NAME       include the rules for a call of this tool
  --json            print one JSON object
  --help            this text

The command cannot explain a pass-through credential (Authorization: Token): the MCP server
verifies it.
"not reached" marks each check after the one that failed. "(unverified)" gives the result that the
claims would have if they were genuine. "Fix" gives the change of the configuration that makes the
token pass, where there is one. Read its warning before you write it.
Exit codes: 0 the gateway would accept the token, 1 it would reject it, 2 bad command line or
configuration.`;

const NOT_EXPLAINED =
  'This is not a bearer token: it begins with the name of another scheme or header. ' +
  'The command cannot explain a pass-through credential (Authorization: Token): ' +
  'the MCP server verifies it.';
const NO_TOKEN =
  'There is no token: set PORTCULLIS_TOKEN, or write - and give it on standard input.';

function givenOf(
  { text, isBearer }: { text: string; isBearer: boolean },
  endpoints: readonly Endpoint[],
): GivenCredential {
  if (isBearer) return { text, header: { name: 'authorization', value: `Bearer ${text}` } };
  const other = headerCredentialOf(text, configuredNames(endpoints));
  return other === null
    ? { text, header: null }
    : { text: other.key, header: { name: other.header, value: other.value } };
}

/** The output could have the key although the operator gave it in quotes. */
const withoutQuotes = (text: string): string => text.replace(/^["'`]|["'`]$/g, '');

/** More endpoints would fill the screen. */
const SHOWN = 20;

/** The endpoint, or the text of the problem. */
function selectEndpoint(
  { endpoints }: ResolvedConfig,
  given: string | undefined,
): Endpoint | string {
  const names = [...new Set(endpoints.map(({ name }) => name))];
  const [only] = names.length === 1 ? endpoints : [];
  const found =
    given === undefined
      ? only
      : (endpoints.find(({ resource }) => resource === given) ??
        endpoints.find(({ name }) => name === given));
  if (found !== undefined) return found;
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  const known = names.slice(0, SHOWN).join(', ') + more;
  return given === undefined
    ? `There are several endpoints; write --endpoint with one of ${known}`
    : `No endpoint has this name or resource; the configuration has ${known}`;
}

export async function explain(args: readonly string[], io: CommandIo = processIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      endpoint: { type: 'string' },
      tool: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    io.write(explainHelp);
    return 0;
  }
  const reject = (problem: string): number => {
    io.writeError(problem);
    return 2;
  };
  if (positionals.length > 1) return reject(`Give one token only.\n\n${explainHelp}`);
  const loaded = loadConfig(values.config, io.env);
  if (typeof loaded === 'string') return reject(loaded);
  const { config, apiKeys } = loaded;
  const endpoint = selectEndpoint(config, values.endpoint);
  if (typeof endpoint === 'string') return reject(endpoint);
  const found = await findCredential(positionals[0], io);
  if (found === null) return reject(`${NO_TOKEN}\n\n${explainHelp}`);
  const given = givenOf(found, config.endpoints);
  const isOther = given.header !== null && !found.isBearer;
  const knowsKeys = apiKeys.length > 0 || endpoint.apiKeys.length > 0;
  if (isOther && (!knowsKeys || isPassThrough(given, endpoint))) return reject(NOT_EXPLAINED);
  const notices: Notice[] = [];
  const written = readWritten(configFile(values.config, io.env)?.path, io.env);
  const notify = (notice: Notice): void => {
    if (notice.level !== 'info') notices.push(notice);
  };
  const explanation = await explainTokenFor(
    config,
    endpoint,
    notify,
    written,
    apiKeys,
  )(given, values.tool ?? null);
  const printable = createPrintable([found.text, given.text, withoutQuotes(given.text)]);
  const fix =
    explanation.fix === null
      ? null
      : fixText(explanation.fix, written, printable, explanation.isKey ? 'key' : 'token');
  const report = values.json ? explanationJson : explanationText;
  io.write(report(endpoint, explanation, notices, printable, fix));
  return explanation.failure === null ? 0 : 1;
}
