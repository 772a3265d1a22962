// Finds the scopes and claims that a tool, prompt or resource requires, from the rules that match
// its name.
import type { ClaimRule, Kind, KindPolicy, Rule } from '../core/policy.js';
import { createGlob, type Glob } from './glob.js';
import { cachedByName } from './name-cache.js';
import { equivalentNames, equivalentPatterns } from './name-equivalence.js';

export interface RequiredClaim extends ClaimRule {
  /** The setting that requires it, such as `tools.rules[2]`. */
  readonly rule: string;
}

export interface Requirements {
  /** Why the gateway denies it to every caller. Null: callers with scopes and claims may use it. */
  readonly denialDetail: string | null;
  /** The setting that denies it to every caller, such as `tools.rules[2]`. Null: none does. */
  readonly denyingRule: string | null;
  /**
   * The base scopes, then the scopes of the rules in their order. The same for every caller (A-31,
   * one complete challenge).
   */
  readonly scopes: readonly string[];
  readonly claims: readonly RequiredClaim[];
  /** True if a rule requires a claim or another scope, which a pass-through caller cannot prove. */
  readonly requiresPrincipal: boolean;
}

interface Matcher {
  readonly rule: Rule;
  /** Its place in the endpoint. */
  readonly place: string;
  readonly exact: Glob;
  /** One for each of `equivalentPatterns`. */
  readonly spellings: readonly Glob[];
}

/** True if a rule denies or requires something. Other rules only list a name as known. */
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
  const matchers: Matcher[] = rules.map((rule, i) => {
    return {
      rule,
      place: `${kind}s.rules[${i}]`,
      exact: createGlob(rule.pattern),
      spellings: equivalentPatterns(kind, rule.pattern).map(createGlob),
    };
  });
  const denied = (denialDetail: string, denyingRule: string): Requirements => ({
    denialDetail,
    denyingRule,
    scopes: base,
    claims: [],
    requiresPrincipal: false,
  });

  function find(name: string): Requirements {
    const names = equivalentNames(kind, name);
    if (names === null) return denied('readers interpret this spelling differently', `${kind}s`);
    const applying = matchers.filter(({ rule, exact, spellings }) =>
      restricts(rule) ? spellings.some((matches) => names.some(matches)) : exact(name),
    );
    const denying = applying.find(({ rule }) => rule.deny);
    if (denying !== undefined) return denied(`rule ${denying.rule.pattern}`, denying.place);
    // Other spellings extend restrictions only: another spelling of a listed name is not listed.
    if (byDefault === 'deny' && !matchers.some(({ exact }) => exact(name)))
      return denied('no rule matches it', `${kind}s.default`);
    const claims = applying.flatMap(({ rule: { claim }, place }) =>
      claim === null ? [] : [{ ...claim, rule: place }],
    );
    const scopes = union(
      base,
      applying.map(({ rule }) => rule),
    );
    return {
      denialDetail: null,
      denyingRule: null,
      scopes,
      claims,
      requiresPrincipal: claims.length > 0 || scopes.some((scope) => !base.includes(scope)),
    };
  }

  return cachedByName(find);
}
