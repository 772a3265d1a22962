// Finds the folder of this package. The build puts the files of src/ together, so a module cannot
// know its own place in it.
import { existsSync } from 'node:fs';

/** The folder of package.json and dist/. Not by its name, which another package could have. */
export function packageFolder(): URL {
  let folder = new URL('.', import.meta.url);
  while (!existsSync(new URL('package.json', folder))) {
    const above = new URL('..', folder);
    if (above.href === folder.href) throw new Error(`no package.json above ${import.meta.url}`);
    folder = above;
  }
  return folder;
}
