// Takes the configuration samples out of the pages of docs/, and fills in the values of a test.
import { readFileSync } from 'node:fs';

const root = new URL('../../../../', import.meta.url);

/**
 * The first code block under a heading of a page. `heading` is the whole text of the heading, and
 * `number` chooses a later block of the same section.
 */
export function sample(page, heading, number = 0) {
  const sections = readFileSync(new URL(page, root), 'utf8').split(/^#{2,4} /m);
  const section = sections.find((part) => part.split('\n', 1)[0] === heading);
  if (section === undefined) throw new Error(`${page} has no heading "${heading}"`);
  const block = [...section.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)][number];
  if (block === undefined) throw new Error(`${page}, "${heading}": no code block ${number + 1}`);
  return block[1];
}

/**
 * The text with each part of `table` replaced: a map from an exact text to another. Each text must
 * be in the sample, so that a changed page cannot lose a replacement in silence.
 */
export function replaced(text, table) {
  let result = text;
  for (const [from, to] of Object.entries(table)) {
    if (!result.includes(from)) throw new Error(`the sample has no "${from}":\n${result}`);
    result = result.replaceAll(from, to);
  }
  return result;
}

/** The replacements of the two replicas of the samples. */
export const addresses = ([first, second]) => ({
  '10.0.0.11:8080': `127.0.0.1:${first.port}`,
  '10.0.0.12:8080': `127.0.0.1:${second.port}`,
});
