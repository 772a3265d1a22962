// Loads the two packages that only the demo needs, and says which is missing or broken. Both are
// optional dependencies.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { packageFolder } from '../../launch/package-folder.js';
import { loadLibrary } from './idp-config.js';

type Load = () => Promise<unknown>;

const PACKAGES: Readonly<Record<string, Load>> = {
  'oidc-provider': loadLibrary,
  '@modelcontextprotocol/server': () => import('@modelcontextprotocol/server'),
};

interface Flaw {
  readonly name: string;
  /** Null: the package is missing. Otherwise why Node cannot load it. */
  readonly cause: string | null;
}

/** Node names the missing package, which may be one that `name` needs. */
async function flawOf(name: string, load: Load): Promise<Flaw | null> {
  try {
    await load();
    return null;
  } catch (error) {
    const [message = ''] = String((error as Error | null)?.message ?? error).split('\n', 1);
    return { name, cause: message.startsWith(`Cannot find package '${name}'`) ? null : message };
  }
}

const ROOT = fileURLToPath(packageFolder());

/** How to install them. `root`: the folder of the package, with its last slash. */
function remedy(root: string): string {
  const project = root.replace(/(?<=[\\/])node_modules[\\/].*$/, '');
  const has = (name: string): boolean => existsSync(`${project}${name}`);
  // A global install and an image have no package.json. npm would spoil the work of other managers.
  return has('package.json') && !has('pnpm-lock.yaml') && !has('yarn.lock')
    ? `Install them in ${project}:\nnpm install --include=optional`
    : 'Install Portcullis again, with its optional dependencies.';
}

/** Null if the demo can start. */
export async function packageProblem(
  packages: Readonly<Record<string, Load>> = PACKAGES,
  root = ROOT,
): Promise<string | null> {
  const checked = Object.entries(packages).map(([name, load]) => flawOf(name, load));
  const flaws = (await Promise.all(checked)).filter((flaw) => flaw !== null);
  if (flaws.length === 0) return null;
  const missing = flaws.filter(({ cause }) => cause === null).map(({ name }) => name);
  const lines = flaws.flatMap(({ name, cause }) =>
    cause === null ? [] : [`The demo cannot load ${name}, because its install is broken: ${cause}`],
  );
  if (missing.length > 0)
    lines.push(
      `The demo needs ${missing.join(' and ')}, which this install does not have.`,
      'An install with --omit=optional leaves them out. All other commands work without them.',
    );
  return [...lines, remedy(root)].join('\n');
}
