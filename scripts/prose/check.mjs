// Checks one file by the rules of its group.
import { exceptions } from './exceptions.mjs';
import { readHashComments } from './hash-comments.mjs';
import { readMarkdown } from './markdown.mjs';
import { COLUMNS, openingOf, passageRules, width } from './rules.mjs';
import { readSource } from './source.mjs';

const READING = ['width', 'sentence', 'phrase', 'start'];

/** The first row that fits decides. Without `kinds` all that the file holds is checked. */
const GROUPS = [
  // Written from the states of the requirements: a row cannot be wrapped, and ids are its subject.
  { path: /^docs\/conformance\.md$/, read: readMarkdown, rules: ['phrase', 'start'] },
  { path: /\.md$/, read: readMarkdown, rules: [...READING, 'id'] },
  // Lines that flow together into paragraphs of docs/failures.md, where they are checked.
  {
    path: /^src\/core\/help\/.*\.ts$/,
    read: readSource,
    kinds: ['comment'],
    rules: [...READING, 'id', 'opening'],
  },
  // CSS and HTML. The words of the page are in status-words.ts.
  {
    path: /^src\/http\/routes\/status-(?:style|page)\.ts$/,
    read: readSource,
    kinds: ['comment'],
    rules: [...READING, 'id', 'opening'],
  },
  {
    path: /^src\/.*\.ts$/,
    read: readSource,
    kinds: ['comment', 'message'],
    rules: [...READING, 'id', 'opening'],
  },
  {
    path: /\.(?:ts|mjs)$/,
    read: readSource,
    kinds: ['comment', 'title'],
    rules: ['width', 'phrase', 'start'],
  },
  {
    path: /^\.env\.example$|^\.ci\/run$|^(?!test\/).*\.ya?ml$/,
    read: readHashComments,
    rules: READING,
  },
];

const groupOf = (path) => GROUPS.find((group) => group.path.test(path));

export const isChecked = (path) => groupOf(path) !== undefined;

function* problemsIn(text, { read, rules, kinds }) {
  const { passages, wraps } = read(text, COLUMNS);
  const isChosen = (kind) => kinds?.includes(kind) ?? true;
  const lines = text.split('\n');
  for (const [line, kind] of wraps)
    if (rules.includes('width') && isChosen(kind) && width(lines[line - 1]) > COLUMNS)
      yield {
        rule: 'width',
        line,
        found: `${width(lines[line - 1])} columns`,
        instead: `wrap the line at ${COLUMNS}`,
      };
  if (rules.includes('opening'))
    for (const problem of openingOf(text)) yield { rule: 'opening', ...problem };
  for (const passage of passages.filter(({ kind }) => isChosen(kind)))
    for (const [rule, find] of Object.entries(passageRules).filter(([name]) =>
      rules.includes(name),
    ))
      for (const { offset, found, instead } of find(passage))
        yield { rule, line: passage.lineAt(offset), found, instead };
}

/** The problems of one text, in the order of its lines. Marks in `met` the exceptions that hold. */
export function check(path, text, met = new Set(), excepted = exceptions) {
  const lines = text.split('\n');
  const isExcepted = ({ rule, line }) => {
    const found = excepted.filter(
      (one) => one.path === path && one.rule === rule && lines[line - 1].includes(one.text),
    );
    for (const one of found) met.add(one);
    return found.length > 0;
  };
  return [...problemsIn(text, groupOf(path))]
    .filter((problem) => !isExcepted(problem))
    .map((problem) => ({ path, ...problem }))
    .sort((a, b) => a.line - b.line);
}
