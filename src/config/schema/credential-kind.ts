// Names the kind of `upstream.credential` that an operator probably means: other gateways call the
// kinds by other names. Never repeats a value of the file.
import { isObject } from '../../core/json.js';
import { listed } from '../../core/quoted.js';

export const KIND_EXAMPLES = {
  none: '{ kind: none }',
  static: '{ kind: static, authorization: "${env:UPSTREAM_TOKEN}" }',
  identity: '{ kind: identity, audience: files-backend }',
  exchange:
    '{ kind: exchange, audience: files-backend, clientId: portcullis, clientSecret: ' +
    '"${env:SECRET}" }',
  'client-credentials':
    '{ kind: client-credentials, tokenUrl: https://auth.example.com/token, clientId: portcullis, ' +
    'clientSecret: "${env:SECRET}" }',
  forward: '{ kind: forward }',
} as const;

type Kind = keyof typeof KIND_EXAMPLES;

/** Letters alone, so that `token_exchange` and `Token-Exchange` are one name. */
const OTHER_NAMES: Readonly<Record<string, Kind>> = {
  off: 'none',
  disabled: 'none',
  null: 'none',
  anonymous: 'none',
  strip: 'none',
  remove: 'none',
  bearer: 'static',
  basic: 'static',
  token: 'static',
  header: 'static',
  headers: 'static',
  secret: 'static',
  fixed: 'static',
  constant: 'static',
  apikey: 'static',
  key: 'static',
  statictoken: 'static',
  jwt: 'identity',
  signed: 'identity',
  signedjwt: 'identity',
  assertion: 'identity',
  identityjwt: 'identity',
  exchanged: 'exchange',
  tokenexchange: 'exchange',
  rfc: 'exchange',
  obo: 'exchange',
  onbehalfof: 'exchange',
  idjag: 'exchange',
  crossappaccess: 'exchange',
  delegation: 'exchange',
  impersonation: 'exchange',
  clientcredential: 'client-credentials',
  clientcredentials: 'client-credentials',
  cc: 'client-credentials',
  mm: 'client-credentials',
  oauth: 'client-credentials',
  serviceaccount: 'client-credentials',
  passthrough: 'forward',
  passthru: 'forward',
  tokenpassthrough: 'forward',
  forwarded: 'forward',
  forwardtoken: 'forward',
  proxy: 'forward',
};

/** The field that only one kind has. */
const FIELD_OF: readonly (readonly [field: string, kind: Kind])[] = [
  ['authorization', 'static'],
  ['header', 'static'],
  ['value', 'static'],
  ['idJag', 'exchange'],
  ['grant', 'exchange'],
  ['tokenUrl', 'client-credentials'],
  ['clientId', 'exchange'],
  ['audience', 'identity'],
];

const NAMES = Object.keys(KIND_EXAMPLES);
const KINDS_HINT = `write a kind: ${listed(NAMES, 'or')}`;

const kindOf = (name: unknown): Kind | undefined => {
  if (typeof name !== 'string' || name.length > 64) return undefined;
  if (Object.hasOwn(KIND_EXAMPLES, name.toLowerCase())) return name.toLowerCase() as Kind;
  const letters = name.toLowerCase().replace(/[^a-z]/g, '');
  return Object.hasOwn(OTHER_NAMES, letters) ? OTHER_NAMES[letters] : undefined;
};

const isOnBehalfOf = (name: unknown): boolean =>
  typeof name === 'string' && /^(obo|on.?behalf.?of)$/i.test(name);

/** The message for a credential whose kind is missing or unknown, or that is not a map. */
export function kindProblem(input: unknown): string {
  if (!isObject(input)) {
    const kind = kindOf(input);
    return kind === undefined
      ? `write a map such as ${KIND_EXAMPLES.static}; ${KINDS_HINT}`
      : `write a map: ${KIND_EXAMPLES[kind]}`;
  }
  const { kind, type } = input;
  if (kind === undefined && type !== undefined) {
    const named = kindOf(type);
    const write = named === undefined ? KINDS_HINT : `write kind: ${named}`;
    return `the field is called kind, not type; ${write}`;
  }
  const meant =
    kindOf(kind) ??
    (kind === undefined ? FIELD_OF.find(([field]) => Object.hasOwn(input, field))?.[1] : undefined);
  if (meant === undefined) return KINDS_HINT;
  const more = isOnBehalfOf(kind) ? ' and grant: on-behalf-of' : '';
  return `did you mean kind: ${meant}${more}? Otherwise ${KINDS_HINT}`;
}
