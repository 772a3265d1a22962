// Reads a line of JSON Lines: one JSON object without a repeated member name. Never shows text of
// the line, because it may be a secret (C-153, no secret shown).
import { isObject } from '../core/json.js';

const EXAMPLE = '{"name":"partner-a","sha256":"..."}';
const ONE_OBJECT = `write one JSON object on each line, such as ${EXAMPLE}`;

/** Forms that people write in place of a JSON object, and what to write instead. */
const OTHER_FORMS: readonly (readonly [form: RegExp, message: string])[] = [
  [/\0/, 'the line has NUL bytes, as UTF-16 has; save the file as UTF-8'],
  [/\ufffd/, 'the line is not UTF-8; save the file as UTF-8'],
  [/^(#|\/\/|\/\*|;|--)/, 'JSON Lines have no comments; remove the line'],
  [/^\[/, 'write one JSON object on each line, without a list around them'],
  [/^(\{|"[^"]*"\s*:.*|\}),?$/, 'write the whole object on one line'],
  [/\},$/, 'remove the comma after the object; each object has its own line'],
  [/\}\s*\{/, 'two objects on one line; write each on its own line'],
  [/^[\w."'-]+\s*:/, `this is YAML; ${ONE_OBJECT}`],
  [/^\{\s*['\w]/, 'put each name and each text in double quotes; JSON has no other quotes'],
  [/,\s*[}\]]/, 'remove the comma before a closing brace or bracket'],
];

/** The messages of JSON.parse quote the text, and only some of them have the position. */
function invalidText(text: string, error: unknown): string {
  const form = OTHER_FORMS.find(([pattern]) => pattern.test(text));
  if (form !== undefined) return form[1];
  const position = /at position (\d+)/.exec(String(error))?.[1];
  const place = position === undefined ? '' : ` at column ${Number(position) + 1}`;
  return `not valid JSON${place}; ${ONE_OBJECT}`;
}

/** A text, and the colon after it where it is a member name. */
const TEXT = '"[^"\\\\]*(?:\\\\.[^"\\\\]*)*"';
const NAMES = new RegExp(`${TEXT}\\s*:`, 'g');
const NAMES_AND_BRACKETS = new RegExp(`(${TEXT})\\s*(:?)|[{}[\\]]`, 'g');

/** The first member name that the object has twice. JSON.parse would keep the last of them. */
function repeatedName(text: string): string | null {
  const seen = new Set<string>();
  let depth = 0;
  for (const [part, name, colon] of text.matchAll(NAMES_AND_BRACKETS)) {
    if (name === undefined) depth += part === '{' || part === '[' ? 1 : -1;
    else if (depth === 1 && colon === ':') {
      const read = JSON.parse(name) as string;
      if (seen.has(read)) return read;
      seen.add(read);
    }
  }
  return null;
}

export type JsonLine =
  | { readonly value: Record<string, unknown> }
  /** `field`: the name that is repeated. */
  | { readonly field?: string; readonly message: string };

/** `text`: a line that is not blank, without white space around it. */
export function readJsonLine(text: string): JsonLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { message: invalidText(text, error) };
  }
  if (text.includes('\ufffd')) return { message: invalidText(text, null) };
  if (!isObject(value))
    return { message: text.startsWith('[') ? invalidText(text, null) : ONE_OBJECT };
  NAMES.lastIndex = 0;
  let names = 0;
  while (NAMES.test(text)) names++;
  // More names than members: one is repeated, or a value is a map.
  const repeated = names === Object.keys(value).length ? null : repeatedName(text);
  if (repeated === null) return { value };
  const field = /^[\w-]{0,64}/.exec(repeated)?.[0] ?? '';
  return { field, message: 'occurs twice in the line; keep one' };
}
