// Decides how the text of a file becomes a plain value, and what is said of text that does not: a place and a kind. Never says what stands
// there, because it may be a secret (C-153).
import { type ErrorCode, isNode, parseDocument, visit } from 'yaml';
import type { Problem } from './problems.js';
import { quoteReferences } from './secret-references.js';

/** In our words: those of the library quote the file. */
const FLAWS: Partial<Readonly<Record<ErrorCode, string>>> = {
  BAD_ALIAS: 'an alias (*) that points nowhere',
  BAD_DIRECTIVE: 'a directive (%)',
  BAD_DQ_ESCAPE:
    'a backslash in double quotes that begins no escape; write the text in single quotes',
  BAD_INDENT: 'it is indented wrongly, or a bracket, brace or quote before it is not closed',
  BAD_SCALAR_START: 'text begins with a character that is reserved; put it in quotes',
  BLOCK_IN_FLOW: 'a map or list over several lines within brackets or braces',
  BLOCK_AS_IMPLICIT_KEY: 'two names with a colon in one line; put text with a colon in quotes',
  DUPLICATE_KEY: 'stands twice in its map; keep one',
  MISSING_CHAR: 'a bracket, brace, quote, comma or space is missing',
  MULTILINE_IMPLICIT_KEY: 'a name over several lines, or a line without a colon',
  MULTIPLE_DOCS: 'a second document begins; one file has one',
  TAB_AS_INDENT: 'a tab indents it; write spaces',
  TAG_RESOLVE_FAILED: 'a tag (!); remove it',
  UNEXPECTED_TOKEN: 'something stands where it cannot; text with special characters needs quotes',
};

/** A name that something is written behind, so that it is a name and no value. */
const NAMED = /^(["']?)([A-Za-z_][\w-]{0,63})\1[ \t]*:(?=\s)/;

const documentOf = (text: string) =>
  parseDocument(text, { prettyErrors: false, logLevel: 'error' });

function placeOf(text: string, at: number): string {
  const before = text.slice(0, at).split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

function flawText(text: string, code: ErrorCode, at: number): string {
  const [, , name] = code === 'DUPLICATE_KEY' ? (NAMED.exec(text.slice(at)) ?? []) : [];
  return `not YAML: ${placeOf(text, at)}: ${name === undefined ? '' : `${name} `}${FLAWS[code] ?? 'it cannot be read'}`;
}

/** Anchors, aliases, and names that are no text: where the first of each kind stands, and what to write instead. */
function foreignParts(
  text: string,
  document: ReturnType<typeof documentOf>,
): { problems: Problem[]; isPlain: boolean } {
  const found = new Map<string, number>();
  let isPlain = true;
  const note = (message: string, at: number | undefined): void => {
    if (!found.has(message)) found.set(message, at ?? 0);
  };
  // Aliases can make a small file huge, and they hide from a reader of the file what it says.
  const hidden = 'write it without anchors and aliases (& and *); repeat what they stand for';
  visit(document, {
    Alias(_key, node) {
      isPlain = false;
      note(hidden, node.range?.[0]);
    },
    Value(_key, node) {
      if (node.anchor !== undefined) note(hidden, node.range?.[0]);
      if (node.tag !== undefined) note('write it without a tag (!)', node.range?.[0]);
    },
    Pair(_key, { key }) {
      if (!isNode(key) || !('items' in key)) return;
      // Made text of, it would be a name, and shown with all that stands in it.
      isPlain = false;
      note('write a name, without brackets and braces', key.range?.[0]);
    },
  });
  return {
    isPlain,
    problems: [...found].map(([message, at]) => ({
      path: [],
      message: `${placeOf(text, at)}: ${message}`,
    })),
  };
}

/** Where it is not read, nothing in it can be judged. */
export function readDocument(text: string): {
  value: unknown;
  isRead: boolean;
  problems: Problem[];
} {
  const quoted = quoteReferences(text, (tried) => documentOf(tried).errors.length);
  const document = documentOf(quoted.text);
  // Tags that are not known are warned of; all of them are found below.
  const warnings = document.warnings.filter(({ code }) => code !== 'TAG_RESOLVE_FAILED');
  const flaws = [...document.errors, ...warnings].sort((some, other) => some.pos[0] - other.pos[0]);
  const problems = [
    ...quoted.problems,
    ...flaws.map(({ code, pos }) => ({ path: [], message: flawText(quoted.text, code, pos[0]) })),
  ];
  if (document.errors.length > 0) return { value: undefined, isRead: false, problems };
  const foreign = foreignParts(quoted.text, document);
  problems.push(...foreign.problems);
  if (!foreign.isPlain) return { value: undefined, isRead: false, problems };
  return { value: document.toJS({ maxAliasCount: 0 }), isRead: true, problems };
}
