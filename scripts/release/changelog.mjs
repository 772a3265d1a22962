// Reads CHANGELOG.md: its versions, the text of each, and the link references at its end.

const HEADING = /^## \[(.+?)\](?: - (\S+))?$/gm;
const REFERENCE = /^\[(.+?)\]: (\S+)$/gm;

/**
 * The sections in the order of the file.
 * @param {string} text
 * @returns {{ name: string, date: string | null, body: string }[]}
 */
export function sectionsOf(text) {
  const end = text.search(/^\[.+?\]: \S+$/m);
  const versions = end === -1 ? text : text.slice(0, end);
  const headings = [...versions.matchAll(HEADING)];
  return headings.map((heading, i) => {
    const start = heading.index + heading[0].length;
    const body = versions.slice(start, headings[i + 1]?.index).trim();
    return { name: heading[1], date: heading[2] ?? null, body };
  });
}

/**
 * The newest version with a date.
 * @param {string} text
 */
export const newestRelease = (text) => sectionsOf(text).find(({ date }) => date !== null);

/**
 * The URL of each version, from the end of the file.
 * @param {string} text
 * @returns {Map<string, string>}
 */
export const referencesOf = (text) =>
  new Map([...text.matchAll(REFERENCE)].map(([, name, url]) => [name, url]));

/**
 * The page of the repository, without `git+` and `.git`.
 * @param {{ repository: { url: string } }} manifest
 */
export const pageOf = ({ repository }) =>
  repository.url.replace(/^git\+/, '').replace(/\.git$/, '');

/**
 * The notes of one release: its section, with links that also work outside the repository.
 * @param {string} text the whole CHANGELOG
 * @param {string} version
 * @param {string} page the URL of the repository
 */
export function notesOf(text, version, page) {
  const section = sectionsOf(text).find(({ name }) => name === version);
  if (section === undefined) throw new Error(`CHANGELOG.md has no section [${version}]`);
  if (section.date === null) throw new Error(`the section [${version}] has no date`);
  if (section.body === '') throw new Error(`the section [${version}] is empty`);
  const body = section.body.replaceAll(
    /\]\((?!https?:|#)([^)]+)\)/g,
    (_, path) => `](${page}/blob/v${version}/${path})`,
  );
  const changes = referencesOf(text).get(version);
  if (changes === undefined) throw new Error(`CHANGELOG.md has no link of [${version}] at its end`);
  return `${body}\n\nAll commits: ${changes}\n`;
}
