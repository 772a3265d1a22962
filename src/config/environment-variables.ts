// Decides which variable says what a path of the configuration says, and how what is wrong there is told to somebody who wrote variables.
// Never decides what is wrong.
import { type Path, type Problem, pathText } from './problems.js';

export const PREFIX = 'PORTCULLIS_';
/** The only issuer of a configuration that is made of variables. */
export const ISSUER_NAME = 'main';

/** Variable, and the path of the configuration that it fills. .env.example explains each. */
export const VARIABLES: Readonly<Record<string, string>> = {
  UPSTREAM: 'endpoints[0].upstream',
  PUBLIC_URL: 'publicUrl',
  PRESET: `issuers.${ISSUER_NAME}.preset`,
  ISSUER: `issuers.${ISSUER_NAME}.issuer`,
  JWKS_URI: `issuers.${ISSUER_NAME}.jwksUri`,
  ALGORITHMS: `issuers.${ISSUER_NAME}.algorithms`,
  TYP: `issuers.${ISSUER_NAME}.typ`,
  CLOCK_TOLERANCE_SECONDS: `issuers.${ISSUER_NAME}.clockToleranceSeconds`,
  AUDIENCE: 'endpoints[0].audience',
  SCOPES: 'endpoints[0].scopes',
  INTROSPECTION_URL: `issuers.${ISSUER_NAME}.introspection.url`,
  INTROSPECTION_CLIENT_ID: `issuers.${ISSUER_NAME}.introspection.clientId`,
  INTROSPECTION_CLIENT_SECRET: `issuers.${ISSUER_NAME}.introspection.clientSecret`,
  PASS_THROUGH_SCHEME: 'endpoints[0].passThrough[0].scheme',
  PASS_THROUGH_SCOPES: 'endpoints[0].passThrough[0].scopes',
  SESSION_KEYS: 'sessionKeys',
  LISTEN: 'listen',
  ADMIN: 'admin',
  LOG_LEVEL: 'logLevel',
};

/** What a message calls by its name in a file, and what that is among variables. */
const TERMS: readonly (readonly [term: RegExp, variables: string])[] = [
  [
    /^write a port from 0 to 65535, such as 8080$/,
    'write host:port or a port from 0 to 65535, such as 127.0.0.1:8080',
  ],
  [/^listen has port/, `${PREFIX}LISTEN has port`],
  [/, or move listen$/, `, or move ${PREFIX}LISTEN`],
  [/\baudience: \[(.*?)\]/, `${PREFIX}AUDIENCE=$1`],
  [/\bpreset: /, `${PREFIX}PRESET=`],
  [
    /\bscopes: \[(.*?)\] to grant them, or remove this entry/,
    `${PREFIX}PASS_THROUGH_SCOPES="$1" to grant them, or remove ${PREFIX}PASS_THROUGH_SCHEME`,
  ],
  [/; name at least one, or remove the field$/, '; name at least one, or remove the variable'],
  [/^write one scope per entry, without/, 'separate scopes by spaces or commas, each without'],
];

/** The variable that fills a path: the longest that is a beginning of it. */
export function variableOf(path: Path): string {
  const text = pathText(path);
  const [name] =
    Object.entries(VARIABLES)
      .filter(([, target]) => text.startsWith(target))
      .sort((a, b) => b[1].length - a[1].length)[0] ?? [];
  if (name !== undefined) return PREFIX + name;
  return text.startsWith('endpoints[0].path') ? `${PREFIX}PUBLIC_URL` : text;
}

/** One line, with the name of the variable in front. */
export function tellVariable({ path, message }: Problem): string {
  return `${variableOf(path)}: ${TERMS.reduce((text, [term, variables]) => text.replace(term, variables), message)}`;
}
