// Says what to write for a command line that a command cannot read: a file without `--config`, a
// misspelt command or option.
import { didYouMean } from '../config/did-you-mean.js';

/** Texts that name a configuration file. Any other text may be a token, and is not repeated. */
const CONFIG_FILE = /^[\w./~-]{1,200}\.(ya?ml|json)$/i;

/** Names of the option in other tools. */
const CONFIG_OPTION = /^--?(c|f|conf|cfg|file|config-?file|config-?path|configuration)$/i;

/** Options of other servers. Here they are fields of the file or variables. */
const ADDRESS_OPTION = /^--?(p|port|host|bind|listen|address|addr)$/i;
const ADDRESS_HINT =
  'Write the address into the configuration: listen.host and listen.port of the file, or ' +
  'PORTCULLIS_LISTEN=127.0.0.1:8081';

/** The options that the help of a command names. */
const optionsOf = (help: string): string[] => [...new Set(help.match(/--[a-z][a-z-]*/g))];

const quotedIn = (message: string): string | undefined => /'([^' ]+)/.exec(message)?.[1];

/**
 * The message of parseArgs in plain words where an option lacks its value, or has one too many.
 * The help names the kind of the value, as in `--port N`. Without the advice of parseArgs to quote
 * an unknown option as an argument.
 */
export function plainMessage(message: string, help: string): string {
  if (message.startsWith('Unknown option')) return message.split('. ', 1)[0] ?? message;
  const name = quotedIn(message);
  if (!message.startsWith('Option ') || name === undefined) return message;
  if (message.includes('does not take')) return `${name} takes no value.`;
  const [usage = `${name} VALUE`] = new RegExp(`${name} [A-Z]+`).exec(help) ?? [];
  const dash = message.includes('ambiguous')
    ? ` Write ${usage.replace(' ', '=')} for a value that begins with a dash.`
    : '';
  return `${name} has no value: write ${usage}.${dash}`;
}

/** `message`: that of parseArgs. Null: there is nothing to add. */
export function argumentHint(message: string, command: string, help: string): string | null {
  const quoted = quotedIn(message);
  const options = optionsOf(help);
  if (quoted === undefined) return null;
  if (message.startsWith('Unexpected argument'))
    return CONFIG_FILE.test(quoted) && options.includes('--config')
      ? `Write: portcullis ${command} --config ${quoted}`
      : null;
  if (!message.startsWith('Unknown option')) return null;
  const name = quoted.split('=')[0] ?? quoted;
  if (CONFIG_OPTION.test(name) && options.includes('--config'))
    return 'Did you mean --config FILE?';
  if (ADDRESS_OPTION.test(name) && command === 'serve') return ADDRESS_HINT;
  const word = name.replace(/^-+/, '');
  const words = options.map((one) => one.slice(2));
  const begun = words.filter((one) => word.length > 1 && one.startsWith(word));
  const meant = begun.length === 1 ? begun[0] : didYouMean(word, words);
  return meant === undefined ? null : `Did you mean --${meant}?`;
}

/** For a first word that is not a command. `rest`: the words after it. */
export function commandHint(
  name: string,
  rest: readonly string[],
  commands: readonly string[],
): string | null {
  if (CONFIG_FILE.test(name)) return `Write: portcullis serve --config ${name}`;
  const [option, value] = name.split('=');
  if (option === '--config' || CONFIG_OPTION.test(option ?? '')) {
    const file = value ?? rest[0] ?? '';
    return `Write: portcullis serve --config ${CONFIG_FILE.test(file) ? file : 'FILE'}`;
  }
  const meant = didYouMean(name, commands);
  return meant === undefined ? null : `Did you mean portcullis ${meant}?`;
}
