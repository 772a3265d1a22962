// Finds references to secrets that cannot work: in fields that take none, and without the quotes
// that YAML needs. Never reads a secret.
import { isObject } from '../core/json.js';
import type { Path, Problem } from './problems.js';
import { rootSchema } from './schema/root.js';
import { isSecretReference } from './schema/secret-reference.js';
import { alternatives, memberSchema, placesOf } from './schema-tree.js';

type Schema = Parameters<typeof memberSchema>[0];

/** Every place of the configuration that takes a reference. */
export const SECRET_PLACES: readonly string[] = placesOf(rootSchema, isSecretReference);

export const MISPLACED_HINT =
  `references work only in ${SECRET_PLACES.slice(0, -1).join(', ')} ` +
  `and ${SECRET_PLACES.at(-1)}; write the value itself`;

const REFERENCE = /\$\{(?:env|file):/;

/** For a single reference in place of a list, the schema reports the better problem. */
const takesReference = (schema: Schema): boolean =>
  [schema, memberSchema(schema, 0)].some(
    (one) => one !== null && alternatives(one).some(isSecretReference),
  );

/** References in fields that take none. The gateway would use their text as the value. */
export function misplacedReferences(schema: Schema, value: unknown, path: Path = []): Problem[] {
  if (typeof value === 'string')
    return REFERENCE.test(value) && !takesReference(schema)
      ? [{ path, message: MISPLACED_HINT }]
      : [];
  const members: [string | number, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : isObject(value)
      ? Object.entries(value)
      : [];
  return members.flatMap(([part, one]) => {
    const member = memberSchema(schema, part);
    return member === null ? [] : misplacedReferences(member, one, [...path, part]);
  });
}

const UNQUOTED = /(?<=[\s,:[{])\$\{(?:env|file):[^}\s]*\}(?=[\s,}\]]|$)/g;
/** The most references to try. Each costs one parse. */
const MOST_TRIED = 100;

/**
 * Puts unquoted references in quotes. Between braces or brackets, YAML reads the braces of an
 * unquoted reference as a map and reports many flaws. A reference that causes fewer flaws in quotes
 * was one of those. `flawsOf` counts the flaws of a text.
 */
export function quoteReferences(
  text: string,
  flawsOf: (text: string) => number,
): { text: string; problems: Problem[] } {
  const problems: Problem[] = [];
  let quoted = text;
  let flaws = flawsOf(text);
  if (flaws === 0) return { text, problems };
  // From the end, so that the positions of earlier references stay the same.
  for (const { 0: reference, index } of [...text.matchAll(UNQUOTED)]
    .slice(0, MOST_TRIED)
    .reverse()) {
    const end = index + reference.length;
    const tried = `${quoted.slice(0, index)}"${reference}"${quoted.slice(end)}`;
    const remaining = flawsOf(tried);
    if (remaining >= flaws) continue;
    [quoted, flaws] = [tried, remaining];
    const line = text.slice(0, index).split('\n').length;
    const message =
      `line ${line}: put the reference in quotes: "${reference}"; ` +
      'YAML reads braces without quotes as a map';
    problems.unshift({ path: [], message });
  }
  return { text: quoted, problems };
}
