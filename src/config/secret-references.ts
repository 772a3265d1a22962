// Decides what is said to references to secrets that cannot work: in fields that hold no secret, and without quotes where YAML reads braces.
// Never resolves one.
import type { z } from 'zod';
import { schemaAt } from './partial-parse.js';
import type { Path, Problem } from './problems.js';
import { SECRET_PLACES, secretReference } from './schema/fields.js';

const REFERENCE = /\$\{(?:env|file):/;

/** Text that looks like a reference in a field that takes none would be taken letter by letter. */
export function misplacedReferences(
  schema: z.ZodType,
  value: unknown,
  base: Path,
  path: Path = [],
): Problem[] {
  if (typeof value === 'string') {
    const place = REFERENCE.test(value) ? schemaAt(schema, path) : null;
    // A list of them is still to be written as a list.
    if (place === null || place === secretReference || schemaAt(place, [0]) === secretReference)
      return [];
    const message = `a reference works in ${SECRET_PLACES} alone; write the value itself`;
    return [{ path: [...base, ...path], message }];
  }
  if (typeof value !== 'object' || value === null) return [];
  const inner = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return inner.flatMap(([part, one]) => misplacedReferences(schema, one, base, [...path, part]));
}

const BARE = /(?<=[\s,:[{])\$\{(?:env|file):[^}\s]*\}(?=[\s,}\]]|$)/g;
/** Each is tried. */
const TRIED = 100;

/**
 * Between braces or brackets YAML takes those of a reference for its own, and tells of it in many words. `flaws` counts them: a reference
 * that makes fewer once it is in quotes was one of them. Gives the text with these in quotes.
 */
export function quoteReferences(
  text: string,
  flaws: (text: string) => number,
): { text: string; problems: Problem[] } {
  const problems: Problem[] = [];
  let mended = text;
  let left = flaws(text);
  // From the end, so that the places of those before it stay what they are.
  for (const { 0: reference, index } of left === 0
    ? []
    : [...text.matchAll(BARE)].slice(0, TRIED).reverse()) {
    const tried = `${mended.slice(0, index)}"${reference}"${mended.slice(index + reference.length)}`;
    const remaining = flaws(tried);
    if (remaining >= left) continue;
    [mended, left] = [tried, remaining];
    const line = text.slice(0, index).split('\n').length;
    problems.unshift({
      path: [],
      message: `line ${line}: put it in quotes: "${reference}"; without them its braces are those of YAML`,
    });
  }
  return { text: mended, problems };
}
