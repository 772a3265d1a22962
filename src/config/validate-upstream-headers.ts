// Checks `upstream.headers` across fields: each header has one source. The upstream could not tell
// two values or two spellings of one header apart.
import { headerSpelling } from '../core/header-line.js';
import type { Check, PartialEndpoint } from './partial-config.js';
import type { Problem } from './problems.js';
import { SECRET_HINT } from './schema/secret-reference.js';
import { isHeaderName } from './schema/upstream-headers.js';

/** The spellings of a list of names. Bad ones are undefined. */
const spellings = (names: readonly (string | undefined)[]): Set<string> =>
  new Set(names.flatMap((name) => (name === undefined ? [] : [headerSpelling(name)])));

function staticHeader({ upstream }: PartialEndpoint): string | undefined {
  const credential = upstream?.credential;
  return credential?.kind === 'static' ? credential.header : undefined;
}

const headersDiffer: Check = ({ endpoints }) =>
  [...endpoints].flatMap(([i, endpoint]): Problem[] => {
    const { forwardHeaders = [], passThrough = [] } = endpoint;
    const names = Object.keys(endpoint.upstream?.headers ?? {}).filter(isHeaderName);
    const forwarded = spellings(forwardHeaders);
    const ofUpstream = spellings(passThrough.map((entry) => entry?.header));
    const ofCredential = spellings([staticHeader(endpoint)]);
    return names.flatMap((name, j): Problem[] => {
      const spelling = headerSpelling(name);
      const first = names.findIndex((other) => headerSpelling(other) === spelling);
      const message =
        first < j
          ? `${names[first] as string} is the same header; keep one`
          : forwarded.has(spelling)
            ? 'forwardHeaders takes this header from the caller; remove it there or here'
            : ofUpstream.has(spelling)
              ? 'passThrough has this header; choose another name'
              : ofCredential.has(spelling)
                ? 'upstream.credential has this header; remove it here'
                : null;
      return message === null
        ? []
        : [{ path: ['endpoints', i, 'upstream', 'headers', name], message }];
    });
  });

/** In a header of this name, a constant is probably a secret. */
const HOLDS_SECRET =
  /^(x-)?((api|access|auth|service|shared|gateway|upstream)-?)*(key|token|secret|password)$/i;

const secretsAreReferences: Check = ({ endpoints }) =>
  [...endpoints].flatMap(([i, { upstream }]) =>
    Object.entries(upstream?.headers ?? {}).flatMap(([name, value]): Problem[] =>
      value === undefined || !HOLDS_SECRET.test(name) || /[{}]/.test(value)
        ? []
        : [{ path: ['endpoints', i, 'upstream', 'headers', name], message: SECRET_HINT }],
    ),
  );

/** The caller would choose the credential of the gateway. */
const credentialIsNotForwarded: Check = ({ endpoints }) =>
  [...endpoints].flatMap(([i, endpoint]): Problem[] => {
    const header = staticHeader(endpoint);
    if (header === undefined) return [];
    const forwarded = spellings(endpoint.forwardHeaders ?? []);
    if (!forwarded.has(headerSpelling(header))) return [];
    const message = 'forwardHeaders takes this header from the caller; remove it there';
    return [{ path: ['endpoints', i, 'upstream', 'credential', 'header'], message }];
  });

export const upstreamHeaderChecks: readonly Check[] = [
  headersDiffer,
  secretsAreReferences,
  credentialIsNotForwarded,
];
