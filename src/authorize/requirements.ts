// Decides what using one tool, prompt or resource needs, from the rules that match its name. Never decides whether a caller has it.
import type { ClaimRule, Kind, KindPolicy, Rule } from '../core/policy.js';
import { createGlob, type Glob } from './glob.js';
import { equivalentNames, equivalentPatterns } from './name-equivalence.js';

export interface Requirements {
  /** Why nobody may use it, whatever the caller holds; null where somebody may. */
  readonly denialDetail: string | null;
  /** Those of the endpoint first, then those of the rules in their order: the same for every caller. */
  readonly scopes: readonly string[];
  readonly claims: readonly ClaimRule[];
  /** True where a rule asks for more than the base: what a pass-through caller can never show. */
  readonly requiresPrincipal: boolean;
}

/** Names that are remembered with what they need; a caller who invents names costs itself the search and others nothing. */
const REMEMBERED = 1_000;
const LONGEST_REMEMBERED = 256;

interface Matcher {
  readonly rule: Rule;
  readonly exact: Glob;
  readonly inSpellings: readonly Glob[];
}

/** A rule that only says that a name is known opens; every other one restricts. */
const restricts = ({ scopes, claim, deny }: Rule): boolean =>
  deny || claim !== null || scopes.length > 0;

function union(base: readonly string[], rules: readonly Rule[]): readonly string[] {
  return [...new Set([...base, ...rules.flatMap(({ scopes }) => scopes)])];
}

export function createRequirements(
  kind: Kind,
  { default: byDefault, rules }: KindPolicy,
  base: readonly string[],
): (name: string) => Requirements {
  const matchers: Matcher[] = rules.map((rule) => {
    return {
      rule,
      exact: createGlob(rule.pattern),
      inSpellings: equivalentPatterns(kind, rule.pattern).map(createGlob),
    };
  });
  const refused = (denialDetail: string): Requirements => ({
    denialDetail,
    scopes: base,
    claims: [],
    requiresPrincipal: false,
  });

  function find(name: string): Requirements {
    const written = equivalentNames(kind, name);
    if (written === null) return refused('a spelling that readers take for different things');
    const applying = matchers
      .filter(({ rule, exact, inSpellings }) =>
        restricts(rule) ? inSpellings.some((matches) => written.some(matches)) : exact(name),
      )
      .map(({ rule }) => rule);
    const denying = applying.find(({ deny }) => deny);
    if (denying !== undefined) return refused(`rule ${denying.pattern}`);
    // Another spelling of a listed name is no listed name: only restrictions reach that far.
    if (byDefault === 'deny' && !matchers.some(({ exact }) => exact(name)))
      return refused('no rule names it');
    const claims = applying.flatMap(({ claim }) => (claim === null ? [] : [claim]));
    const scopes = union(base, applying);
    return {
      denialDetail: null,
      scopes,
      claims,
      requiresPrincipal: claims.length > 0 || scopes.some((scope) => !base.includes(scope)),
    };
  }

  let known = new Map<string, Requirements>();
  return (name) => {
    const remembered = known.get(name);
    if (remembered !== undefined) return remembered;
    const needs = find(name);
    if (name.length > LONGEST_REMEMBERED) return needs;
    if (known.size >= REMEMBERED) known = new Map();
    known.set(name, needs);
    return needs;
  };
}
