// Finds what would make a rejected API key pass: a change of its entry or of the endpoint, or the
// place where the caller has to write the key. It only proposes, as explain-fix.ts does.
import { basename } from 'node:path';
import {
  type ConfigChange,
  canLoad,
  type WrittenConfig,
  writtenEndpoint,
} from '../config/written-config.js';
import { type ApiKey, carriersText, carrierText } from '../core/api-key.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Explanation, ExplanationFix } from '../core/explanation.js';
import { keySunset, keyUnknown, scopeInsufficient } from '../core/failures.js';
import { isObject } from '../core/json.js';
import { noChange, texts, union } from './explain-fix-context.js';
import { ENDPOINTS_OF_KEY } from './explain-key.js';
import type { GivenCredential, KnownKeys } from './given-credential.js';

export interface KeyFixContext {
  readonly written: WrittenConfig;
  readonly endpoint: Endpoint;
  readonly keys: KnownKeys;
  readonly given: GivenCredential;
  readonly apiKeysFile: string | null;
}

const NO_ENTRY =
  'no entry of the registry has its hash. The key may be incomplete or replaced, or belong to ' +
  'another deployment. Or the entry has the hash of another text: hash the key with portcullis ' +
  'hash-key --stdin, which leaves out the line feed, and compare the fingerprint';

const isWritten = (name: string, { raw }: WrittenConfig): boolean =>
  isObject(raw.apiKeys) && Object.hasOwn(raw.apiKeys, name);

/** Fields of the entry: a change of the configuration, or words for the file of keys. */
function ofEntry(
  { written, apiKeysFile }: KeyFixContext,
  { name }: ApiKey,
  words: string,
  warning: string,
  fields: Readonly<Record<string, readonly string[]>>,
): ExplanationFix {
  if (isWritten(name, written)) return { words, warning, change: { apiKeys: { [name]: fields } } };
  const [[field, values] = ['', []]] = Object.entries(fields);
  const file = apiKeysFile === null ? 'apiKeysFile' : basename(apiKeysFile);
  return noChange(
    `${words}. In ${file}, write ${field} ${JSON.stringify(values)} in the line of ${name}, and ` +
      `reload the gateway. Note: ${warning}`,
  );
}

function endpointFix(context: KeyFixContext, key: ApiKey): ExplanationFix {
  const { path } = context.endpoint;
  return ofEntry(
    context,
    key,
    `the entry ${key.name} is for other endpoints`,
    'then the holder of the key may call this endpoint too',
    { endpoints: union(key.endpoints ?? [], [path]) },
  );
}

function scopeFix(context: KeyFixContext, key: ApiKey, expected: unknown): ExplanationFix {
  const lacking = texts(expected).filter((scope) => !key.scopes.includes(scope));
  return ofEntry(
    context,
    key,
    `the entry ${key.name} lacks ${lacking.join(', ')}`,
    'then the holder of the key may do all that needs these scopes',
    { scopes: union(key.scopes, lacking) },
  );
}

/** The entry of `apiKeys` of the endpoint for the header in which the operator gave the key. */
function carrierOf({ header }: GivenCredential): Readonly<Record<string, string>> {
  if (header === null) return { header: 'X-Api-Key' };
  const [scheme = '', ...rest] = header.value.split(' ');
  if (header.name !== 'authorization') return { header: header.name };
  return rest.length === 0 || /^bearer$/i.test(scheme) ? { header: 'X-Api-Key' } : { scheme };
}

/** For a key of the registry where the endpoint does not read keys. */
function placeFix({ written, endpoint, given }: KeyFixContext, key: ApiKey): ExplanationFix {
  const { apiKeys, path } = endpoint;
  const carrier = carrierOf(given);
  const isOffered = given.header !== null && carrier.header !== 'X-Api-Key';
  const own: unknown = writtenEndpoint(written, path).apiKeys;
  const change: ConfigChange = {
    endpoints: [{ path, apiKeys: [...(Array.isArray(own) ? own : []), carrier] }],
  };
  if (apiKeys.length > 0)
    return {
      words:
        `this is the key ${key.name}: let the client send it as ` +
        apiKeys.map(carrierText).join(' or '),
      warning: isOffered ? 'then callers may send every key in this place too' : null,
      change: isOffered ? change : null,
    };
  return {
    words: `this is the key ${key.name}, and this endpoint takes no API keys`,
    warning: 'then each key that names no endpoints passes here too',
    change,
  };
}

/** The steps that fail where the endpoint does not read the text as an API key. */
const PLACE_STEPS = ['credential', 'one token', 'kind of token', 'accepted issuer'];

function findFix({ steps, failure }: Explanation, context: KeyFixContext): ExplanationFix | null {
  const { keys, given, endpoint } = context;
  const step = steps.find(({ state }) => state === 'fail');
  if (failure === null || step === undefined) return null;
  const key = keys.registry.find(given.text);
  if (key === null) {
    const near = keys.near(given.text);
    if (near !== null) return noChange(near.words);
    if (failure.definition === keyUnknown.definition) return noChange(NO_ENTRY);
    if (step.name !== 'credential') return null;
    const places = carriersText(endpoint.apiKeys).replace('; ', '');
    return places === '' ? null : noChange(places);
  }
  if (step.name === ENDPOINTS_OF_KEY) return endpointFix(context, key);
  if (failure.definition === scopeInsufficient.definition)
    return scopeFix(context, key, step.expected.scopes);
  if (failure.definition === keySunset.definition)
    return noChange(
      `the operator retired the key ${key.name}. Make a new one with portcullis hash-key, or write ` +
        'a later sunset',
    );
  return PLACE_STEPS.includes(step.name) ? placeFix(context, key) : null;
}

/** Null: nothing in the configuration is the reason. */
export function keyFixFor(explanation: Explanation, context: KeyFixContext): ExplanationFix | null {
  const fix = findFix(explanation, context);
  // The operator cannot use a change that the start would reject. The words still help.
  return fix?.change && !canLoad(context.written, fix.change) ? { ...fix, change: null } : fix;
}
