// Cuts a text of the server, so that the rest of its line stays readable.

/** White space becomes one space. */
export function shorten(text: string, characters: number): string {
  const line = text
    .slice(0, 2 * characters)
    .replace(/\s+/g, ' ')
    .trim();
  return line.length <= characters && text.length <= 2 * characters
    ? line
    : `${line.slice(0, characters)}...`;
}
