// Reads the text of a YAML file into a raw value, and reports flaws by their place and kind.
// Never shows text of the file, because it may be a secret (C-153, no secret shown).
import {
  Composer,
  type Document,
  type ErrorCode,
  isNode,
  Lexer,
  LineCounter,
  Parser,
  visit,
  type YAMLError,
  YAMLParseError,
} from 'yaml';
import { atOnce } from '../core/slices.js';
import type { Problem } from './problems.js';
import { quoteReferences } from './secret-references.js';
import { type LineOf, lineFinder } from './yaml-lines.js';

/** Own messages, because those of the library quote the file. */
const FLAWS: Partial<Readonly<Record<ErrorCode, string>>> = {
  BAD_ALIAS: 'an alias (*) without an anchor; write the value itself',
  BAD_DIRECTIVE: 'a directive (%); remove it',
  BAD_DQ_ESCAPE: 'an unknown escape in double quotes; put the text in single quotes',
  BAD_INDENT: 'correct the indentation, or close a bracket, brace or quote before this place',
  BAD_SCALAR_START: 'text begins with a reserved character; put it in quotes',
  BLOCK_IN_FLOW:
    'an indented map or list inside brackets or braces; write it with brackets or braces',
  BLOCK_AS_IMPLICIT_KEY: 'two names with a colon in one line; put text with a colon in quotes',
  DUPLICATE_KEY: 'occurs twice in its map; keep one',
  MISSING_CHAR: 'a bracket, brace, quote, comma or space is missing; add it',
  MULTILINE_IMPLICIT_KEY: 'a name over several lines or without a colon; write both on one line',
  MULTIPLE_DOCS: 'a second document begins; write one document in a file',
  TAB_AS_INDENT: 'a tab as indentation; write spaces',
  TAG_RESOLVE_FAILED: 'a tag (!); remove it',
  UNEXPECTED_TOKEN: 'unexpected text; put text with special characters in quotes',
};

/** A name and the colon after it. Text without a colon may be a value, and is not shown. */
const NAME = /^(["']?)([A-Za-z_][\w-]{0,63})\1[ \t]*:(?=\s)/;

/** About 10 ms of work. (measured) */
const LEXEMES_OF_A_SLICE = 10_000;

/** As `parseDocument` of the library, in slices. */
function* documentSteps(text: string, lines: LineCounter): Generator<void, Document.Parsed> {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  const tokens: ReturnType<typeof parser.end> extends Generator<infer T> ? T[] : never = [];
  let count = 0;
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    if (++count % LEXEMES_OF_A_SLICE === 0) yield;
  }
  tokens.push(...parser.end());
  yield;
  const composer = new Composer({ prettyErrors: false, logLevel: 'error', lineCounter: lines });
  // There is always one: the last argument but one makes an empty one.
  const [document, second] = composer.compose(tokens, true, text.length);
  const { errors } = document as Document.Parsed;
  if (second !== undefined) {
    const [from, to] = second.range;
    errors.push(new YAMLParseError([from, to], 'MULTIPLE_DOCS', 'several documents'));
  }
  return document as Document.Parsed;
}

const documentOf = (text: string, lines = new LineCounter()): Document.Parsed =>
  atOnce(documentSteps(text, lines));

/** The line of the first flaw, from 1. Null: the text is YAML. */
export function firstFlawLine(text: string): number | null {
  const lines = new LineCounter();
  const places = documentOf(text, lines).errors.map(({ pos: [at] }) => at);
  return places.length === 0 ? null : lines.linePos(Math.min(...places)).line;
}

function placeOf(text: string, at: number): string {
  const before = text.slice(0, at).split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

function flawText(text: string, code: ErrorCode, at: number): string {
  const flaw = FLAWS[code] ?? 'the text cannot be parsed';
  const name = code === 'DUPLICATE_KEY' ? `${NAME.exec(text.slice(at))?.[2] ?? 'a name'} ` : '';
  return `not valid YAML: ${placeOf(text, at)}: ${name}${flaw}`;
}

/**
 * Parts of YAML that a configuration must not use: anchors, aliases, tags, and names that are maps
 * or lists. Reports the first of each kind.
 */
function forbiddenParts(
  text: string,
  document: ReturnType<typeof documentOf>,
): { problems: Problem[]; isPlain: boolean } {
  const found = new Map<string, number>();
  let isPlain = true;
  const note = (message: string, at: number | undefined): void => {
    if (!found.has(message)) found.set(message, at ?? 0);
  };
  // Aliases can make a small file huge. They also hide values from a reader of the file.
  const reused = 'anchors and aliases (& and *) are not allowed; write the value at each place';
  visit(document, {
    Alias(_key, node) {
      isPlain = false;
      note(reused, node.range?.[0]);
    },
    Value(_key, node) {
      if (node.anchor !== undefined) note(reused, node.range?.[0]);
      if (node.tag !== undefined) note('tags (!) are not allowed; remove the tag', node.range?.[0]);
    },
    Pair(_key, { key }) {
      if (!isNode(key) || !('items' in key)) return;
      // As text it would become a field name, and a message would show all that it holds.
      isPlain = false;
      note('a name cannot be a map or list; write it without brackets and braces', key.range?.[0]);
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

/** One of these flaws often causes more of the same kind, so only the first counts. */
const ONCE: readonly ErrorCode[] = ['UNEXPECTED_TOKEN', 'TAB_AS_INDENT', 'BAD_INDENT'];

/** A tab before a name or a list element. Inside brackets and braces, YAML allows it. */
const TAB_BEFORE_ENTRY = /^ *\t[ \t]*(?:- |["']?[\w.$-]+["']? *:(?:\s|$))/;

/** The place of the first tab that is indentation; null without one. */
function tabPlace(text: string, flaws: readonly YAMLError[], lines: LineCounter): number | null {
  const texts = text.split('\n');
  for (const { code, pos } of flaws) {
    if (code === 'TAB_AS_INDENT') return pos[0];
    const { line, col } = lines.linePos(pos[0]);
    const own = texts[line - 1] ?? '';
    if (TAB_BEFORE_ENTRY.test(own)) return pos[0] - (col - 1) + own.indexOf('\t');
  }
  return null;
}

/**
 * Without the consequences of other flaws: a second flaw in one line, or another text that the
 * parser did not expect after the first.
 */
function withoutConsequences(flaws: readonly YAMLError[], lines: LineCounter): YAMLError[] {
  const seen = new Set<number | string>();
  return flaws.filter(({ code, pos: [at] }) => {
    const { line } = lines.linePos(at);
    if (code === 'DUPLICATE_KEY') return true;
    const isSeen = seen.has(line) || (ONCE.includes(code) && seen.has(code));
    seen.add(line).add(code);
    return !isSeen;
  });
}

export interface ReadDocument {
  readonly value: unknown;
  /** False where the value is unknown, so that nothing in it can be validated. */
  readonly isRead: boolean;
  readonly problems: Problem[];
  readonly lineOf: LineOf;
  readonly flawLines: number[];
}

/** In slices, because the file of many tenants is large. */
export function* documentInSlices(text: string): Generator<void, ReadDocument> {
  let lines = new LineCounter();
  let document = yield* documentSteps(text, lines);
  yield;
  const flawsOf = (tried: string): number =>
    tried === text ? document.errors.length : documentOf(tried).errors.length;
  const quoted = quoteReferences(text, flawsOf);
  if (quoted.text !== text) {
    lines = new LineCounter();
    document = documentOf(quoted.text, lines);
  }
  const lineOf = lineFinder(document, lines);
  // The library warns of unknown tags. `forbiddenParts` finds every tag.
  const warnings = document.warnings.filter(({ code }) => code !== 'TAG_RESOLVE_FAILED');
  const flaws = [...document.errors, ...warnings].sort((some, other) => some.pos[0] - other.pos[0]);
  // No indentation makes one of two names in a map wrong.
  const flawLines = flaws
    .filter(({ code }) => code !== 'DUPLICATE_KEY')
    .map(({ pos }) => lines.linePos(pos[0]).line);
  // All that follows a tab as indentation is its consequence.
  const tab = tabPlace(quoted.text, flaws, lines);
  const own =
    tab === null
      ? flaws
      : flaws.filter(({ pos }) => lines.linePos(pos[0]).line < lines.linePos(tab).line);
  const problems = [
    ...quoted.problems,
    ...withoutConsequences(own, lines).map(({ code, pos }) => ({ code, at: pos[0] })),
    ...(tab === null ? [] : [{ code: 'TAB_AS_INDENT' as const, at: tab }]),
  ].map((one) =>
    'at' in one ? { path: [], message: flawText(quoted.text, one.code, one.at) } : one,
  );
  if (document.errors.length > 0)
    return { value: undefined, isRead: false, problems, lineOf, flawLines };
  const forbidden = forbiddenParts(quoted.text, document);
  problems.push(...forbidden.problems);
  if (!forbidden.isPlain) return { value: undefined, isRead: false, problems, lineOf, flawLines };
  yield;
  return { value: document.toJS({ maxAliasCount: 0 }), isRead: true, problems, lineOf, flawLines };
}

export const readDocument = (text: string): ReadDocument => atOnce(documentInSlices(text));
