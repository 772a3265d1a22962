// A passage: one paragraph that a person reads, with the line of each of its characters.
//
// Kinds: `heading`, `prose`, `cell` and `column` (the head of a table) of Markdown; `comment`,
// `message` and `title` (of a test) of sources.

/** Replaces code, URLs and inserted values: one word that no rule looks into. */
export const CODE = 'X';
/** Ends a paragraph inside a line. */
export const BREAK = '\u2029';

const PARAGRAPH = /(?:(?!\u2029|\n[ \t]*\n)[\s\S])+/g;
const HIDDEN = /`[^`]*`|\{@link [^}]*\}|https?:\/\/[^\s)>'"`]*[^\s)>'"`.,;:]/g;

/** Collects the pieces of a text. Each begins at a known line. */
export function createText() {
  let text = '';
  const lines = [];
  function add(piece, line) {
    let at = line;
    for (let index = 0; index < piece.length; index++) {
      lines.push(at);
      if (piece[index] === '\n') at++;
    }
    text += piece;
  }
  return { add, passages: (kind) => passagesOf(kind, text, lines) };
}

function passagesOf(kind, whole, wholeLines) {
  return Array.from(whole.matchAll(PARAGRAPH), ({ 0: paragraph, index: start }) => {
    let text = '';
    const lines = [];
    let from = 0;
    const keep = (to) => {
      text += paragraph.slice(from, to);
      lines.push(...wholeLines.slice(start + from, start + to));
    };
    for (const { 0: hidden, index } of paragraph.matchAll(HIDDEN)) {
      keep(index);
      text += CODE;
      lines.push(wholeLines[start + index]);
      from = index + hidden.length;
    }
    keep(paragraph.length);
    return { kind, text: text.replaceAll('\n', ' '), lineAt: (offset) => lines[offset] };
  }).filter(({ text }) => /\S/.test(text));
}
