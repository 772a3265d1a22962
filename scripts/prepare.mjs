// Builds dist/ when npm prepares the package. Skips the build where TypeScript is not installed.
// A production install (`npm ci --omit=dev`) has no TypeScript and must still succeed.
//
// `--from-empty` is for `npm pack` and `npm publish`. It deletes dist/ first: the compiler leaves
// the files of sources that are gone, and they must not leave the machine.
import { execSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';

const at = (path) => new URL(`../${path}`, import.meta.url);
const here = (path) => existsSync(at(path));
const fromEmpty = process.argv.includes('--from-empty');
const packs = ['pack', 'publish'].includes(process.env.npm_command);

function build() {
  try {
    execSync('npm run build', { stdio: 'inherit', cwd: at('') });
  } catch {
    // npm has printed the errors of the compiler.
    process.exit(1);
  }
}

if (packs && !fromEmpty) {
  // npm runs both scripts. prepack has built already.
} else if (here('node_modules/typescript/package.json')) {
  if (fromEmpty) rmSync(at('dist'), { recursive: true, force: true });
  build();
} else if (fromEmpty) {
  // A package without a fresh dist/ must not leave the machine.
  console.error('prepare: npm needs TypeScript for the build of a package. Run npm install first.');
  process.exit(1);
} else {
  console.log('prepare: TypeScript is not installed, so the build is skipped.');
  console.log(
    here('dist/main.js')
      ? 'prepare: dist/ stays as it is.'
      : 'prepare: dist/ is missing. Copy it from a build, or run npm install to build it.',
  );
}
