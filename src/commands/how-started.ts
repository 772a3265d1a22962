// Finds out how the operator starts `portcullis`: by npx, by its name, or by the path of main.js.
// The outputs of a command name that form, so that each printed command can be pasted.
import { basename, delimiter, dirname, isAbsolute, join, relative, sep } from 'node:path';

export interface Started {
  /** The operator writes this for `portcullis`, as in `node dist/main.js`. */
  readonly command: string;
  /** The only folder where `command` works; null: it works in each folder. */
  readonly folder: string | null;
}

export interface Start {
  /** The script that Node runs, as the operator wrote it: not what a link leads to. */
  readonly script: string | undefined;
  readonly cwd: string;
  /** The folders of the shell, as in the variable PATH. */
  readonly path: string | undefined;
}

const NAMES = ['portcullis', 'mcp-portcullis'];

const BY_NAME: Started = { command: 'portcullis', folder: null };

const NPX = 'npx mcp-portcullis';

/** Also true for the folder itself. */
function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return !way.startsWith('..') && !isAbsolute(way);
}

const quoted = (path: string): string =>
  /^[\w./:\\@+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;

/**
 * For npx always the name of the package: npx takes a name that the folder does not have from the
 * registry. There, `portcullis` would be the package of a stranger.
 */
export function howStarted({ script, cwd, path }: Start): Started {
  if (script === undefined) return BY_NAME;
  const folder = dirname(script);
  if (NAMES.includes(basename(script))) {
    const packages = join('node_modules', '.bin');
    if (folder.endsWith(packages)) {
      const project = dirname(dirname(folder));
      if (folder.includes(`${sep}_npx${sep}`)) return { command: NPX, folder: null };
      // In another folder, npx would ask the registry for the package.
      return isInside(cwd, project)
        ? { command: NPX, folder: project }
        : { command: quoted(script), folder: null };
    }
    if (path?.split(delimiter).includes(folder)) return { command: basename(script), folder: null };
  } else if (basename(script) !== 'main.js') return BY_NAME;
  return isInside(script, cwd)
    ? { command: `node ${quoted(relative(cwd, script))}`, folder: cwd }
    : { command: `node ${quoted(script)}`, folder: null };
}

/** Puts `command` in the place of `portcullis` before the name of a command. */
export function suitedTo({ command }: Started, names: readonly string[]): (text: string) => string {
  const next = [...names.map((name) => `${name}(?![\\w-])`), 'COMMAND', '--version'].join('|');
  const pattern = new RegExp(`(?<![\\w./-])portcullis (?=${next})`, 'g');
  return (text) => text.replace(pattern, () => `${command} `);
}
