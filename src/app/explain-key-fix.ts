// Finds the fix for a rejected API key: a change of its entry or of the endpoint, or another place
// for the key. It only proposes, as explain-fix.ts does.
import { basename } from 'node:path';
import {
  type ConfigChange,
  canLoad,
  endpointChange,
  type WrittenConfig,
  writtenEndpoint,
} from '../config/written-config.js';
import { type ApiKey, carriersText, carrierText, headerText } from '../core/api-key.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Explanation, ExplanationFix, ExplanationStep } from '../core/explanation.js';
import type { Failure } from '../core/failure.js';
import { keySunset, keyUnknown, scopeInsufficient } from '../core/failures.js';
import { isObject } from '../core/json.js';
import { isPlainName } from '../core/plain-name.js';
import { shapeOf } from '../verify/jws.js';
import { noChange, texts, union } from './explain-fix-context.js';
import { ENDPOINTS_OF_KEY } from './explain-key.js';
import { canCarry, type GivenCredential, type KnownKeys } from './given-credential.js';

interface EntryContext {
  readonly written: WrittenConfig;
  readonly endpoint: Endpoint;
  readonly keys: KnownKeys;
  readonly apiKeysFile: string | null;
}

export interface KeyFixContext extends EntryContext {
  readonly given: GivenCredential;
}

const JWT = 'this is a JWT, and not an API key: a client sends it as Authorization: Bearer';
const NO_KEYS = 'the registry has no keys: portcullis hash-key makes one and its entry';
const NO_ENTRY =
  'no entry of the registry has its hash. The key may be incomplete or replaced, or belong to ' +
  'another deployment. Or the entry has the hash of another text. Then hash the key with ' +
  'portcullis hash-key --stdin, which leaves out the line feed, and compare the fingerprint';

const isWritten = (name: string, { raw }: WrittenConfig): boolean =>
  isObject(raw.apiKeys) && Object.hasOwn(raw.apiKeys, name);

/** Fields of the entry: a change of the configuration, or words for the file of keys. */
function ofEntry(
  { written, apiKeysFile }: EntryContext,
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

function endpointFix(context: EntryContext, key: ApiKey): ExplanationFix {
  const { name } = context.endpoint;
  return ofEntry(
    context,
    key,
    `the entry ${key.name} is for other endpoints`,
    'then the holder of the key may call this endpoint too',
    { endpoints: union(key.endpoints ?? [], [name]) },
  );
}

function scopeFix(context: EntryContext, key: ApiKey, expected: unknown): ExplanationFix {
  const lacking = texts(expected).filter((scope) => !key.scopes.includes(scope));
  return ofEntry(
    context,
    key,
    `the entry ${key.name} lacks ${lacking.join(', ')}`,
    'then the holder of the key may do all that needs these scopes',
    { scopes: union(key.scopes, lacking) },
  );
}

/** The entry of `apiKeys` for the header in which the operator gave the key; null for none. */
function givenPlace({ header }: GivenCredential): Readonly<Record<string, string>> | null {
  if (header === null) return null;
  if (header.name !== 'authorization') return { header: headerText(header.name) };
  const [scheme = '', key] = header.value.split(' ');
  return key === undefined || /^bearer$/i.test(scheme) || !isPlainName(scheme) ? null : { scheme };
}

/** For a key of the registry where the endpoint does not read keys. */
function placeFix({ written, endpoint, given }: KeyFixContext, key: ApiKey): ExplanationFix {
  const { apiKeys, name } = endpoint;
  const place = givenPlace(given);
  const own: unknown = writtenEndpoint(written, name).apiKeys;
  // The start rejects a bridge beside issuers.
  const hasBoth = endpoint.issuers.length > 0 && written.raw.bridge !== undefined;
  const noBridge = hasBoth ? { bridge: false } : {};
  const withPlace = (one: Readonly<Record<string, string>>): ConfigChange =>
    endpointChange(endpoint, {
      apiKeys: [...(Array.isArray(own) ? own : []), one],
      ...noBridge,
    });
  const usual = place ?? { header: 'X-Api-Key' };
  if (apiKeys.length === 0)
    return {
      words: `this is the key ${key.name}, and this endpoint takes no API keys`,
      warning: 'then each key that names no endpoints passes here too',
      change: withPlace(usual),
    };
  const warning = 'then callers may send every key in this place too';
  const fitting = apiKeys.filter((one) => canCarry(given.text, one));
  if (fitting.length === 0)
    return {
      words: `this is the key ${key.name}, and it does not begin as keys do here${carriersText(apiKeys)}`,
      warning,
      change: withPlace(usual),
    };
  return {
    words: `this is the key ${key.name}: let the client send ${fitting.map(carrierText).join(' or ')}`,
    warning: place === null ? null : warning,
    change: place === null ? null : withPlace(place),
  };
}

/** For a key, and for a bridge token of it, that the entry itself keeps out. */
export function entryFix(
  step: ExplanationStep,
  failure: Failure,
  key: ApiKey,
  context: EntryContext,
): ExplanationFix | null {
  if (step.name === ENDPOINTS_OF_KEY) return endpointFix(context, key);
  if (failure.definition === scopeInsufficient.definition)
    return scopeFix(context, key, step.expected.scopes);
  if (failure.definition !== keySunset.definition) return null;
  return noChange(
    `the operator retired the key ${key.name}. Make a new one with portcullis hash-key, or write a ` +
      'later sunset',
  );
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
    if (failure.definition === keyUnknown.definition && shapeOf(given.text).kind === 'jws')
      return noChange(JWT);
    if (failure.definition === keyUnknown.definition)
      return noChange(keys.all.length === 0 ? NO_KEYS : NO_ENTRY);
    if (step.name !== 'credential') return null;
    const places = carriersText(endpoint.apiKeys).replace('; ', '');
    return places === '' ? null : noChange(places);
  }
  const ofEntry = entryFix(step, failure, key, context);
  if (ofEntry !== null) return ofEntry;
  return PLACE_STEPS.includes(step.name) ? placeFix(context, key) : null;
}

/** Null: nothing in the configuration is the reason. */
export function keyFixFor(explanation: Explanation, context: KeyFixContext): ExplanationFix | null {
  const fix = findFix(explanation, context);
  // The operator cannot use a change that the start would reject. The words still help.
  return fix?.change && !canLoad(context.written, fix.change) ? { ...fix, change: null } : fix;
}
