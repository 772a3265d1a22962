// Reads the passages of a TypeScript or JavaScript file: comments, messages and titles of tests.
import jsTokens from 'js-tokens';
import { BREAK, CODE, createText } from './passage.mjs';

const COMMENT = new Set(['SingleLineComment', 'MultiLineComment']);
const SPACE = new Set(['WhiteSpace', 'LineTerminatorSequence']);
const LITERAL = new Set(['StringLiteral', 'NoSubstitutionTemplate', 'TemplateHead']);
const TEMPLATE_REST = new Set(['TemplateMiddle', 'TemplateTail']);
/** Comments for tools, whose form the tool chooses. */
const DIRECTIVE = /^\/[/*]+\s*(?:biome-ignore|@ts-|@vite-|v8 ignore|<reference)/;
const ESCAPE = /\\(?:u\{[^}]*\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|\r?\n|.)/g;
/** An entry of a list, or a tag, begins a paragraph. */
const ENTRY = /^(?=[-*] |\d+\. |@[a-z])/gm;
/** A message has two words at least; a single one is a name or a value. */
const WORDS = /\p{L}[\p{L}'-]*[,;:.]?\s+(?:[^\s\p{L}]+\s+)*\p{L}/u;
const TESTS = new Set(['test', 'it', 'describe', 'bench']);

/** Tokens, except spaces, with their places. `isFirst`: the token is the first on its line. */
function tokensOf(text) {
  const tokens = [];
  let line = 1;
  let offset = 0;
  let lineStart = 0;
  let isFirst = true;
  for (const { type, value } of jsTokens(text)) {
    const isSpace = SPACE.has(type);
    const token = {
      type,
      value,
      line,
      column: offset - lineStart,
      isFirst,
      endLine: 0,
      endColumn: 0,
    };
    if (type !== 'WhiteSpace' && value.includes('\n')) {
      line += value.split('\n').length - 1;
      lineStart = offset + value.lastIndexOf('\n') + 1;
      isFirst = isSpace;
    } else isFirst &&= isSpace;
    offset += value.length;
    if (isSpace) continue;
    token.endLine = line;
    token.endColumn = offset - lineStart;
    tokens.push(token);
  }
  return tokens;
}

/** The text of a comment, without its signs, as many lines as it has. */
const bareLines = (value) =>
  (value.startsWith('//') ? value.slice(2) : value.replace(/^\/\*+|\*+\/$/g, ''))
    .split('\n')
    .map((one) => one.replace(/^\s*\*(?!\*)/, '').trim());

/** Comments alone on lines that follow each other are one text. */
function readComments(tokens) {
  const groups = [];
  let previous = null;
  for (const token of tokens) {
    if (!COMMENT.has(token.type) || DIRECTIVE.test(token.value)) continue;
    const isLine = token.isFirst && token.value.startsWith('//');
    if (isLine && previous?.line === token.line - 1 && previous.column === token.column)
      groups.at(-1).push(token);
    else groups.push([token]);
    previous = isLine ? token : null;
  }
  return groups.flatMap((group) => {
    const text = createText();
    const lines = group.flatMap(({ value }) => bareLines(value)).join('\n');
    text.add(lines.replace(ENTRY, BREAK), group[0].line);
    return text.passages('comment');
  });
}

/** A line end that an escape stands for ends a paragraph. */
const unescaped = (raw) =>
  raw.replace(ESCAPE, (found) => {
    if (/^\\[nrt]/.test(found)) return BREAK;
    return /^\\[ux]/.test(found) ? ' ' : found.slice(1);
  });

/** Help texts have columns, indented lines and comments of a shell: a sentence ends before them. */
const literalText = (raw) =>
  unescaped(raw)
    .replace(/ {2,}|\n(?=[ #])/g, (gap) => gap + BREAK)
    .replace(/^#.*$/gm, (line) => line + BREAK);

/** The first name of a call, seen from its bracket back: `test` of `test.each(rows)(`. */
function calledName(code, bracket) {
  let at = bracket - 1;
  while (at >= 0) {
    if (code[at].value === ')') {
      let depth = 0;
      do {
        if (code[at].value === ')') depth++;
        if (code[at].value === '(') depth--;
        at--;
      } while (depth > 0 && at >= 0);
    } else if (code[at].type !== 'IdentifierName') return null;
    else if (code[at - 1]?.value !== '.') return code[at].value;
    else at -= 2;
  }
  return null;
}

const isMessage = (type, value) =>
  (LITERAL.has(type) || TEMPLATE_REST.has(type)) && WORDS.test(value);

/** Strings and templates; those that `+` joins are one text. */
function readLiterals(tokens) {
  const code = tokens.filter(({ type }) => !COMMENT.has(type));
  const found = [];
  const open = [];
  let joined = null;
  for (const [index, { type, value, line }] of code.entries()) {
    const isStart = LITERAL.has(type);
    if (!isStart && !TEMPLATE_REST.has(type)) continue;
    if (isStart) {
      const name = code[index - 1]?.value === '(' ? calledName(code, index - 1) : null;
      open.push(joined ?? { kind: TESTS.has(name) ? 'title' : 'message', text: createText() });
    }
    const { kind, text } = open.at(-1);
    if (!isStart) text.add(CODE, line);
    const goesOn = type === 'TemplateHead' || type === 'TemplateMiddle';
    text.add(literalText(value.slice(1, goesOn ? -2 : -1)), line);
    joined = null;
    if (goesOn) continue;
    open.pop();
    if (code[index + 1]?.value === '+' && LITERAL.has(code[index + 2]?.type))
      joined = { kind, text };
    else found.push(...text.passages(kind));
  }
  return found.filter(({ text }) => WORDS.test(text));
}

/** `wraps`: the lines on which a comment, or a message that passes `columns`, stops, and which. */
export function readSource(text, columns) {
  const tokens = tokensOf(text);
  const wraps = new Map();
  for (const { type, value, line, endLine, endColumn } of tokens) {
    const isComment = COMMENT.has(type);
    if (isComment ? DIRECTIVE.test(value) : !isMessage(type, value)) continue;
    const last = isComment || endColumn > columns ? endLine : endLine - 1;
    for (let at = line; at <= last; at++)
      if (isComment || !wraps.has(at)) wraps.set(at, isComment ? 'comment' : 'message');
  }
  return { passages: [...readComments(tokens), ...readLiterals(tokens)], wraps };
}
