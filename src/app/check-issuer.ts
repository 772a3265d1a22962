// Checks an issuer of the configuration as the gateway would use it: its metadata, its keys and its
// clock.
import { usesKeys } from '../config/issuer-keys.js';
import type { ResolvedIssuer } from '../config/resolved-config.js';
import { ASYMMETRIC } from '../config/schema/algorithms.js';
import { isObject } from '../core/json.js';
import type { NotDiscovered } from '../idp/discovery.js';
import { fitsAlgorithm, isSameAlgorithm } from '../verify/algorithms.js';
import type { VerifyKey } from '../verify/issuer/jwk-set.js';
import { connectionFix, fail, ok, parted, type Verdict, warn } from './check-finding.js';
import { type IssuerProbe, isPage } from './check-probe.js';

/** How the configuration uses the issuer. */
export interface IssuerUse {
  /** The gateway publishes a copy of its metadata. */
  readonly isMirrored: boolean;
  /** An exchange needs the token endpoint that its metadata names. */
  readonly needsTokenEndpoint: boolean;
}

/** Most keys that one line names. */
const SHOWN_KEYS = 5;

const PKCE_METHODS = 'code_challenge_methods_supported';

/** The gateway cannot verify without the metadata. */
const needsMetadata = (config: ResolvedIssuer, use: IssuerUse): boolean =>
  (usesKeys(config) && config.jwksUri === null) ||
  config.introspection?.url === null ||
  use.needsTokenEndpoint;

/** The name in a document that names another issuer. */
const otherName = (probe: IssuerProbe): string | undefined =>
  probe
    .answers()
    .flatMap((one) => (one.kind === 'answer' && isObject(one.json) ? one.json.issuer : []))
    .find((name): name is string => typeof name === 'string' && name !== probe.config.issuer);

function fixOf(probe: IssuerProbe, { fix }: NotDiscovered): string {
  if (fix !== undefined) return fix;
  const named = otherName(probe);
  if (named !== undefined)
    return (
      `compare it with iss of a token. If that is ${named.slice(0, 200)}, write issuer: ` +
      `${named.slice(0, 200)}; otherwise correct the URL`
    );
  const [fault] = probe.faults();
  if (fault !== undefined) return connectionFix(fault);
  return (
    'correct issuer: it is the text of iss in its tokens. Where its metadata is elsewhere, write ' +
    'metadataUrl'
  );
}

/** The detail begins with the part, and says the fix first. Both have places of their own here. */
const withoutFix = ({ detail, fix }: NotDiscovered): string =>
  detail.replace(/^metadata: /, '').replace(fix === undefined ? '' : `${fix}; `, '');

const withPage = (observed: string, isHtml: boolean): string =>
  isHtml ? `${observed} (an HTML page)` : observed;

export async function checkMetadata(probe: IssuerProbe, use: IssuerUse): Promise<Verdict> {
  const { config, runtime } = probe;
  const found = await runtime.metadata.get(null);
  const isNeeded = needsMetadata(config, use);
  if (found.ok) {
    const { json } = found.document;
    const isLogin = config.authorizationServers.includes(String(json.issuer));
    if (use.isMirrored && isLogin && !config.metadataMirror.addS256 && json[PKCE_METHODS] == null)
      return warn(
        `names ${config.issuer}, and no ${PKCE_METHODS}: some clients do not log in without it`,
        'if the issuer supports PKCE with S256, write metadataMirror: { addS256: true }',
      );
    return ok(`names ${config.issuer}`);
  }
  const observed = withPage(withoutFix(found), probe.answers().some(isPage));
  if (isNeeded) return fail(observed, fixOf(probe, found));
  if (otherName(probe) !== undefined) return warn(observed, fixOf(probe, found));
  if (use.isMirrored)
    return warn(
      `${observed}. The keys do not need it, but clients that look for it beside the endpoint do`,
      `${fixOf(probe, found)}. Or write metadataMirror: { enabled: false }`,
    );
  return ok('none found, and the configuration needs none');
}

function keysText(keys: readonly VerifyKey[]): string {
  const shown = keys.slice(0, SHOWN_KEYS).map(({ kid, byAlgorithm }) => {
    const algorithms = [...byAlgorithm.keys()].join(', ');
    return kid === null ? `one without kid (${algorithms})` : `${kid} (${algorithms})`;
  });
  const more = keys.length - shown.length;
  const count = keys.length === 1 ? '1 usable key' : `${keys.length} usable keys`;
  return `${count}: ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** One algorithm for each published key that fits one. */
function publishedAlgorithms(document: unknown): string[] {
  const keys = isObject(document) && Array.isArray(document.keys) ? document.keys : [];
  const found = keys
    .filter(isObject)
    .flatMap(
      (jwk) =>
        ASYMMETRIC.find(
          (name) =>
            fitsAlgorithm(jwk, name) && (jwk.alg == null || isSameAlgorithm(String(jwk.alg), name)),
        ) ?? [],
    );
  return [...new Set(found)];
}

/** The place of the keys in the metadata; null: it names none, or there is no metadata. */
const namedKeys = ({ runtime }: IssuerProbe): string | null => {
  const uri = runtime.metadata.last()?.json.jwks_uri;
  return typeof uri === 'string' ? uri : null;
};

function keysFix(probe: IssuerProbe, detail: string, usual: string | undefined): string {
  const { config } = probe;
  const named = namedKeys(probe);
  const url = config.jwksUri ?? named;
  const answer = url === null ? undefined : probe.answerOf(url);
  if (answer?.kind === 'transport') return connectionFix(answer.detail);
  const document = answer?.kind === 'answer' ? answer.json : undefined;
  if (detail.includes('no accepted algorithm'))
    return (
      `write algorithms: [${publishedAlgorithms(document).join(', ')}] if its tokens have such an ` +
      `alg: the keys are for no algorithm of [${config.algorithms.join(', ')}]`
    );
  if (detail.includes('empty set'))
    return 'create a signing key at the issuer: no token can be verified without one';
  if (detail.includes('no usable key'))
    return 'give the issuer a signing key: RSA of 2048 bits or more, P-256 to P-521, or Ed25519';
  if (config.jwksUri !== null)
    return named !== null && named !== config.jwksUri
      ? `write jwksUri: ${named}, as its metadata does, or remove jwksUri`
      : 'correct jwksUri: it must be the URL of the key set, a JSON document with keys';
  const inMetadata = 'its metadata names this URL: correct it at the issuer, or write jwksUri';
  return named === null ? (usual ?? inMetadata) : inMetadata;
}

/** Null: the gateway does not use its keys, or has no place for them without metadata. */
export async function checkKeys(probe: IssuerProbe): Promise<Verdict | null> {
  const { config, runtime, notices } = probe;
  if (!usesKeys(config)) return null;
  if (config.jwksUri === null && runtime.metadata.last() === null) return null;
  const found = await runtime.keys.find(undefined, undefined);
  const last = notices.findLast(({ event }) => event.startsWith('keys.'));
  if (!found.ok) {
    const detail = String(last?.detail ?? found.detail ?? 'no keys').replace(/^keys: /, '');
    const { observed, fix } = parted(detail);
    const url = config.jwksUri ?? namedKeys(probe);
    const answer = url === null ? undefined : probe.answerOf(url);
    return fail(withPage(observed, isPage(answer)), keysFix(probe, detail, fix));
  }
  const text = keysText(found.value);
  const skipped = [last?.skipped ?? []].flat().map(String);
  return last?.level === 'warn' && skipped.length > 0
    ? warn(
        `${text}. The gateway does not use others: ${skipped.join(', ')}`,
        'tokens of the other keys fail. Compare algorithms with the keys of the issuer',
      )
    : ok(text);
}

/** Null: no answer named a time. */
export function checkClock({ config, aheadMs }: IssuerProbe): Verdict | null {
  const ms = aheadMs();
  if (ms === null) return null;
  const seconds = Math.round(Math.abs(ms) / 1000);
  const side = ms > 0 ? 'ahead of' : 'behind';
  const { clockToleranceSeconds } = config;
  if (seconds <= clockToleranceSeconds)
    return ok(seconds <= 1 ? 'the same' : `${seconds} s ${side} this machine`);
  return warn(
    `${seconds} s ${side} this machine, by its Date header; tolerated: ${clockToleranceSeconds} s`,
    'set both clocks by NTP, that of this machine first: tokens expire too early, or count too late',
  );
}
