// Matches a name with a pattern: `*` matches any characters, also none, and every other character
// matches itself. It uses no regular expression, so that no pattern and no name can make it slow.

/** True if the name matches the pattern. */
export type Glob = (name: string) => boolean;

export function createGlob(pattern: string): Glob {
  const [first, ...rest] = pattern.split('*') as [string, ...string[]];
  const last = rest.pop();
  if (last === undefined) return (name) => name === pattern;
  return (name) => {
    if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last))
      return false;
    let from = first.length;
    const end = name.length - last.length;
    for (const part of rest) {
      const at = name.indexOf(part, from);
      if (at < 0 || at + part.length > end) return false;
      from = at + part.length;
    }
    return true;
  };
}
