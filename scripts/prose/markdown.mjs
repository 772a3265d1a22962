// Reads the passages of a Markdown file. Code, HTML and link destinations are left out.
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmTableFromMarkdown } from 'mdast-util-gfm-table';
import { gfmTable } from 'micromark-extension-gfm-table';
import { BREAK, CODE, createText } from './passage.mjs';

const OPTIONS = { extensions: [gfmTable()], mdastExtensions: [gfmTableFromMarkdown()] };
const KINDS = { paragraph: 'prose', heading: 'heading', tableCell: 'cell' };

function addInline(text, node) {
  const { line } = node.position.start;
  if (node.type === 'text') text.add(node.value, line);
  else if (node.type === 'inlineCode' || node.type === 'image') text.add(CODE, line);
  else if (node.type === 'break' || node.type === 'html') text.add(BREAK, line);
  else for (const child of node.children) addInline(text, child);
}

/** Calls `visit` for each block that holds text or code, with its kind. */
function walk(node, isHead, visit) {
  const kind = KINDS[node.type];
  if (node.type === 'code' || node.type === 'html') visit(node, 'code');
  else if (kind !== undefined) visit(node, kind === 'cell' && isHead ? 'column' : kind);
  else
    for (const [index, child] of (node.children ?? []).entries())
      walk(child, node.type === 'table' ? index === 0 : isHead, visit);
}

/** The tables that scripts/configuration-doc.mjs and the bench write, each behind its mark. */
const generatedTables = ({ children }) =>
  children.filter(
    ({ type }, i) =>
      type === 'table' && /^<!-- (?:settings|bench table) /.test(children[i - 1]?.value ?? ''),
  );

/**
 * `wraps`: the numbers of the lines whose width a writer chooses: not code, not HTML, and not the
 * rows of a generated table.
 */
export function readMarkdown(text) {
  const passages = [];
  const wraps = new Map(text.split('\n').map((_, index) => [index + 1, 'prose']));
  const tree = fromMarkdown(text, OPTIONS);
  const leaveOut = ({ position }) => {
    for (let { line } = position.start; line <= position.end.line; line++) wraps.delete(line);
  };
  for (const table of generatedTables(tree)) leaveOut(table);
  walk(tree, false, (node, kind) => {
    if (kind === 'code') {
      leaveOut(node);
      return;
    }
    const found = createText();
    for (const child of node.children) addInline(found, child);
    passages.push(...found.passages(kind));
  });
  return { passages, wraps };
}
