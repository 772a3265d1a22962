// Puts the tables of a run between the marks of a page, and its plot beside it.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OWN } from './names.mjs';
import { plot } from './plot.mjs';
import { allTable, cpuTable, ownTable } from './tables.mjs';

/** Which section a run fills: each kind of run has its own. */
export function sectionOf({ plain, versions }) {
  if (versions.length > 1) return 'versions';
  return plain ? 'plain' : 'main';
}

const names = (list) =>
  list.length < 2 ? list.join('') : `${list.slice(0, -1).join(', ')} and ${list.at(-1)}`;

/** The paragraph above the tables. `day`: the date of the run. */
function facts({ machine, versions, rounds, seconds, plain }, day) {
  const policy = plain ? 'without policy' : 'with `bench/everything.yaml`';
  return [
    `Measured on ${day}, ${policy}:`,
    `Node ${names(versions)}; ${rounds} rounds of ${seconds} s.`,
    `${machine}.`,
  ].join('\n');
}

/** The text of a section, as Markdown. */
export function sectionText(figures, day) {
  const section = sectionOf(figures);
  const table = (name, text) => `<!-- bench table ${name} -->\n\n${text}`;
  const tables =
    section === 'versions'
      ? [table('all', allTable(figures)), table('cpu', cpuTable(figures))]
      : [
          table('own', ownTable(figures)),
          table('all', allTable(figures)),
          table('cpu', cpuTable(figures)),
        ];
  const notes = figures.notes.map((note) => `- ${note}.`).join('\n');
  return [facts(figures, day), ...tables, ...(notes === '' ? [] : [notes])].join('\n\n');
}

/** The page with another text between the marks of a section. */
export function replaceSection(page, section, text) {
  const [begin, end] = [`<!-- bench ${section} -->`, `<!-- /bench ${section} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page has no marks ${begin} and ${end}`);
  return `${page.slice(0, from)}${begin}\n\n${text}\n\n${page.slice(to)}`;
}

/** Writes the section of this run into the file, and the plot of a run with all targets. */
export function writePage(file, figures, day) {
  const section = sectionOf(figures);
  const page = existsSync(file)
    ? readFileSync(file, 'utf8')
    : `<!-- bench ${section} -->\n\n<!-- /bench ${section} -->\n`;
  writeFileSync(file, replaceSection(page, section, sectionText(figures, day)));
  if (section !== 'main' || !figures.targets.includes(OWN)) return;
  const images = join(dirname(file), 'images');
  mkdirSync(images, { recursive: true });
  writeFileSync(join(images, 'performance.svg'), plot(figures));
}
