// Reads the comments of YAML, shell and .env files that have a line of their own.
import { createText } from './passage.mjs';

/** Indented further it is an example, without a space a setting that is commented out. */
const COMMENT = /^\s*#(?: (\S.*))?$/;

export function readHashComments(text) {
  const comments = createText();
  const wraps = new Map();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trimStart().startsWith('#')) wraps.set(index + 1, 'comment');
    comments.add(`${COMMENT.exec(line)?.[1] ?? ''}\n`, index + 1);
  }
  return { passages: comments.passages('comment'), wraps };
}
