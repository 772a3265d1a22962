// Finds references to secrets that cannot work: in fields that take none, and without the quotes
// that YAML needs. Never reads a secret.
import { listed } from '../core/quoted.js';
import type { Path, Problem } from './problems.js';
import { rootSchema } from './schema/root.js';
import { isSecretReference } from './schema/secret-reference.js';
import {
  alternatives,
  definitionOf,
  type memberSchema,
  placesOf,
  schemaAt,
} from './schema-tree.js';

type Schema = Parameters<typeof memberSchema>[0];

/** Every place of the configuration that takes a reference. */
export const SECRET_PLACES: readonly string[] = placesOf(rootSchema, isSecretReference);

/** The fields alone: whole places would fill the screen. A free name counts as its map. */
const SECRET_FIELDS = listed(
  [...new Set(SECRET_PLACES.map((place) => place.replace(/\.<name>$/, '').replace(/^.*\./, '')))],
  'and',
);

export const MISPLACED_HINT =
  `references work only in ${SECRET_FIELDS}; ` + 'write the value itself, unless it is a secret';

const REFERENCE = /\$\{(?:env|file):/;
export const isReference = (text: string): boolean => REFERENCE.test(text);

/** Every string of a value that contains a reference. */
export function referencesIn(value: unknown): { path: Path; text: string }[] {
  const found: { path: Path; text: string }[] = [];
  const path: (string | number)[] = [];

  function find(part: unknown): void {
    if (typeof part === 'string' && isReference(part)) found.push({ path: [...path], text: part });
    if (typeof part !== 'object' || part === null) return;
    for (const [name, inner] of Array.isArray(part) ? part.entries() : Object.entries(part)) {
      path.push(name);
      find(inner);
      path.pop();
    }
  }

  find(value);
  return found;
}

export const takesReference = (schema: Schema): boolean =>
  alternatives(schema).some(isSecretReference);

/** A map or a list with places for secrets inside. Its schema says how to write it. */
export const holdsSecrets = (schema: Schema): boolean =>
  placesOf(schema, isSecretReference).length > 0 &&
  alternatives(schema).every((one) => definitionOf(one).type !== 'string');

/** References in fields that take none. The gateway would use their text as the value. */
export function misplacedReferences(root: Schema, raw: unknown): Problem[] {
  return referencesIn(raw).flatMap(({ path }) => {
    const schema = schemaAt(root, path);
    // For a reference in place of a map or a list, the schema reports the better problem.
    const isPlaced = schema === null || takesReference(schema) || holdsSecrets(schema);
    return isPlaced ? [] : [{ path, message: MISPLACED_HINT }];
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
