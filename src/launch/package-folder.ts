// Finds the folder of this package. The build puts the files of src/ together, so a module cannot
// know its own place in it.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** The folder of package.json and dist/. Node finds a package by its own name, by `exports`. */
export function packageFolder(): URL {
  const manifest = createRequire(import.meta.url).resolve('mcp-portcullis/package.json');
  return new URL('.', pathToFileURL(manifest));
}
