// Finds the limits of tools that calls meet, by the patterns of their names. Another spelling of a
// name meets the same limits, as it meets the same rules.
import type { Rate } from '../../core/limits.js';
import type { Call } from '../../core/message.js';
import { METHODS } from '../../mcp/methods.js';
import { createGlob } from '../glob.js';
import { cachedByName } from '../name-cache.js';
import { equivalentNames, equivalentPatterns } from '../name-equivalence.js';

export interface MetPattern {
  readonly pattern: string;
  readonly rate: Rate;
  /** How many of the calls match it. */
  readonly calls: number;
}

const NONE: readonly MetPattern[] = [];

export function createToolPatterns(
  perTool: ReadonlyMap<string, Rate>,
): (calls: readonly Call[]) => readonly MetPattern[] {
  if (perTool.size === 0) return () => NONE;
  const matchers = [...perTool].map(([pattern, rate]) => ({
    met: { pattern, rate, calls: 1 },
    spellings: equivalentPatterns('tool', pattern).map(createGlob),
  }));

  const metBy = cachedByName((name): readonly MetPattern[] => {
    const names = equivalentNames('tool', name);
    return matchers
      .filter(
        ({ spellings }) =>
          // Readers interpret such a name differently: it meets every limit.
          names === null || spellings.some((matches) => names.some(matches)),
      )
      .map(({ met }) => met);
  });

  function patternsOf({ method, name }: Call): readonly MetPattern[] {
    if (method === null || name === null || METHODS.get(method)?.kind !== 'tool') return NONE;
    return metBy(name);
  }

  return (calls) => {
    const [only] = calls;
    if (calls.length === 1 && only !== undefined) return patternsOf(only);
    const all = calls.flatMap(patternsOf);
    return matchers.flatMap(({ met }) => {
      const matching = all.filter((one) => one === met).length;
      return matching === 0 ? [] : [{ ...met, calls: matching }];
    });
  };
}
