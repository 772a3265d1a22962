// Checks each endpoint across its fields: issuers that exist, pass-through credentials that can
// pass, streams that end.
import type { Check, PartialEndpoint } from './partial-config.js';
import type { Path, Problem } from './problems.js';
import { ISSUERS_HINT } from './schema/endpoint.js';

/** Without issuers or API keys, no caller could log in. */
const callersExist: Check = ({ endpoints, isBad }) =>
  [...endpoints].flatMap(([i, { issuers, apiKeys }]) => {
    const path = ['endpoints', i, 'issuers'];
    const isKnown = issuers !== undefined || isBad(path);
    if (isKnown || apiKeys !== undefined || isBad(['endpoints', i, 'apiKeys'])) return [];
    return [{ path, message: ISSUERS_HINT }];
  });

const issuersExist: Check = ({ endpoints, issuers, isBad }) =>
  [...endpoints].flatMap(([i, { issuers: names = [] }]) =>
    names.flatMap((name, j): Problem[] => {
      const path = ['endpoints', i, 'issuers', j];
      if (name === undefined || isBad(['issuers'])) return [];
      if (names.indexOf(name) < j) return [{ path, message: `${name} occurs twice; keep one` }];
      if (issuers.has(name)) return [];
      const known = [...issuers.keys()];
      const hint =
        known.length === 0 ? 'add it under issuers' : `write one of: ${known.join(', ')}`;
      return [{ path, message: `no issuer is called ${name}; ${hint}` }];
    }),
  );

type PassThrough = NonNullable<NonNullable<PartialEndpoint['passThrough']>[number]>;

const carrierOf = ({ scheme, header }: PassThrough): string =>
  `${scheme?.toLowerCase()} ${header?.toLowerCase()}`;

/** A pass-through caller has only the scopes that its entry grants. */
function missingScopes(granted: PassThrough['scopes'], required: string[], path: Path): Problem[] {
  if (granted === undefined || granted.includes(undefined)) return [];
  const missing = required.filter((scope) => !granted.includes(scope));
  if (missing.length === 0) return [];
  const message =
    `these callers could never pass: the endpoint requires ${missing.join(', ')}; ` +
    `write scopes: [${required.join(', ')}] to grant them, or remove this entry`;
  return [{ path: [...path, 'scopes'], message }];
}

const passThroughCanPass: Check = ({ endpoints, isBad }) =>
  [...endpoints].flatMap(([i, { passThrough = [], scopes = [] }]) =>
    passThrough.flatMap((entry, j): Problem[] => {
      if (entry === undefined) return [];
      const path = ['endpoints', i, 'passThrough', j];
      const problems: Problem[] = [];
      const isKnown = !isBad([...path, 'scheme']) && !isBad([...path, 'header']);
      const carriers = Number(entry.scheme !== undefined) + Number(entry.header !== undefined);
      if (isKnown && carriers !== 1) {
        const message = 'write either scheme (such as Token) or header (such as X-Api-Key)';
        problems.push({ path, message });
      }
      const required = scopes.filter((scope) => scope !== undefined);
      problems.push(...missingScopes(entry.scopes, required, path));
      const isSame = (other: PassThrough | undefined): boolean =>
        other !== undefined && carrierOf(other) === carrierOf(entry);
      if (isKnown && carriers > 0 && passThrough.findIndex(isSame) < j)
        problems.push({ path, message: 'this entry occurs twice; keep one' });
      return problems;
    }),
  );

/** A key of a pass-through caller would reach the upstream with every other credential, too. */
const forwardedHeadersDiffer: Check = ({ endpoints }) =>
  [...endpoints].flatMap(([i, { forwardHeaders = [], passThrough = [] }]) => {
    const names = forwardHeaders.map((name) => name?.toLowerCase());
    const keys = passThrough.map((entry) => entry?.header?.toLowerCase());
    return names.flatMap((name, j): Problem[] => {
      const path = ['endpoints', i, 'forwardHeaders', j];
      if (name === undefined) return [];
      if (names.indexOf(name) < j) return [{ path, message: `${name} occurs twice; keep one` }];
      if (!keys.includes(name)) return [];
      return [{ path, message: 'passThrough has this header; remove it here' }];
    });
  });

/** A longer time has no effect, and the operator who writes it expects one. */
const tokensEndBeforeStreams: Check = ({ endpoints }) =>
  [...endpoints].flatMap(([i, { streams }]): Problem[] => {
    const { maxSeconds, outliveTokenSeconds } = streams ?? {};
    if (maxSeconds === undefined || outliveTokenSeconds === undefined) return [];
    if (outliveTokenSeconds <= maxSeconds) return [];
    const message =
      `every stream ends after maxSeconds, which is ${maxSeconds}; ` +
      `write at most ${maxSeconds}, or raise maxSeconds`;
    return [{ path: ['endpoints', i, 'streams', 'outliveTokenSeconds'], message }];
  });

export const endpointChecks: readonly Check[] = [
  callersExist,
  issuersExist,
  passThroughCanPass,
  forwardedHeadersDiffer,
  tokensEndBeforeStreams,
];
