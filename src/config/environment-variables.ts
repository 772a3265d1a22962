// The table of variables: the path of the configuration that each sets. Words problems at these
// paths for an operator who wrote variables instead of a file.
import type { Notice } from '../core/notice.js';
import { type Path, type Problem, pathText } from './problems.js';

export const PREFIX = 'PORTCULLIS_';
/** The name of the only issuer in a configuration made of variables. */
export const ISSUER_NAME = 'main';

/** Each variable and the path that it sets. .env.example explains them. */
export const VARIABLES: Readonly<Record<string, string>> = {
  UPSTREAM: 'endpoints[0].upstream',
  UPSTREAM_AUTHORIZATION: 'endpoints[0].upstream.credential',
  PUBLIC_URL: 'publicUrl',
  PRESET: `issuers.${ISSUER_NAME}.preset`,
  ISSUER: `issuers.${ISSUER_NAME}.issuer`,
  JWKS_URI: `issuers.${ISSUER_NAME}.jwksUri`,
  METADATA_URL: `issuers.${ISSUER_NAME}.metadataUrl`,
  AUTHORIZATION_SERVERS: `issuers.${ISSUER_NAME}.authorizationServers`,
  ALLOW_INSECURE_HTTP: `issuers.${ISSUER_NAME}.allowInsecureHttp`,
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
  DRAIN_DELAY_SECONDS: 'drain.delaySeconds',
  WORKERS: 'workers',
};

/** Wording for a file, and the same for variables. */
const WORDINGS: readonly (readonly [file: RegExp, variables: string])[] = [
  [
    /^write a port from 0 to 65535, such as 8080$/,
    'write host:port or a port from 0 to 65535, such as 127.0.0.1:8080',
  ],
  [/^listen has the same port/, `${PREFIX}LISTEN has the same port`],
  [/, or change listen$/, `, or change ${PREFIX}LISTEN`],
  [/\baudience: \[(.*?)\]/, `${PREFIX}AUDIENCE=$1`],
  [/\bpreset: /, `${PREFIX}PRESET=`],
  [/\ballowInsecureHttp: true\b/, `${PREFIX}ALLOW_INSECURE_HTTP=true`],
  [/\badd jwksUri or metadataUrl\b/, `add ${PREFIX}JWKS_URI or ${PREFIX}METADATA_URL`],
  [/\bauthorizationServers \(where/, `${PREFIX}AUTHORIZATION_SERVERS (where`],
  [
    /\bscopes: \[(.*?)\] to grant them, or remove this entry/,
    `${PREFIX}PASS_THROUGH_SCOPES="$1" to grant them, or remove ${PREFIX}PASS_THROUGH_SCHEME`,
  ],
  [
    /Write kind: none, or give these callers an endpoint of their own$/,
    `Remove ${PREFIX}UPSTREAM_AUTHORIZATION or ${PREFIX}PASS_THROUGH_SCHEME`,
  ],
  [/, or remove the field$/, ', or remove the variable'],
  [/^write one scope per entry, without/, 'separate scopes by spaces or commas, each without'],
  [/^references work only in .*/, 'references work only in a file; write the value itself'],
];

/** The same for the notices of the start. */
const NOTICE_WORDINGS: readonly (readonly [file: RegExp, variables: string])[] = [
  [/^sessionKeys is not configured/, `${PREFIX}SESSION_KEYS is not set`],
  [/\bWrite sessionKeys;/, `Set ${PREFIX}SESSION_KEYS;`],
  [/^the secret of upstream\.credential\.authorization is/, `${PREFIX}UPSTREAM_AUTHORIZATION is`],
  [/\binto the secret, such as/, 'into the variable, such as'],
  [
    /\bRemove audience, or write audience: \[(.*?)\]/,
    `Remove ${PREFIX}AUDIENCE, or write ${PREFIX}AUDIENCE=$1`,
  ],
  [/(?<=_AUDIENCE="\S*)","/g, ','],
  [/\bwrite upstream: /, `write ${PREFIX}UPSTREAM=`],
];

const reword = (text: string, wordings: typeof WORDINGS): string =>
  wordings.reduce((worded, [file, variables]) => worded.replace(file, variables), text);

/** A notice of the start, for an operator who wrote variables. */
export const variableNotice = (notice: Notice): Notice =>
  typeof notice.detail !== 'string'
    ? notice
    : { ...notice, detail: reword(notice.detail, NOTICE_WORDINGS) };

/** The variable that sets a path, or a part of the configuration around it. */
export function variableOf(path: Path): string {
  const text = pathText(path);
  const [name] =
    Object.entries(VARIABLES)
      .filter(([, target]) => text.startsWith(target))
      .sort((some, other) => other[1].length - some[1].length)[0] ?? [];
  if (name !== undefined) return PREFIX + name;
  return text.startsWith('endpoints[0].path') ? `${PREFIX}PUBLIC_URL` : text;
}

/** One line that begins with the name of the variable. */
export function variableProblemText({ path, message }: Problem): string {
  return `${variableOf(path)}: ${reword(message, WORDINGS)}`;
}
