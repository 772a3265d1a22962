// Builds dist/ when npm prepares the package. Skips the build where TypeScript is not installed.
// A production install (`npm ci --omit=dev`) has no TypeScript and must still succeed.
import { execSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const here = (path) => existsSync(new URL(`../${path}`, import.meta.url));
const command = process.env.npm_command;

if (here('node_modules/typescript/package.json')) {
  try {
    execSync('npm run build', { stdio: 'inherit', cwd: new URL('..', import.meta.url) });
  } catch {
    // npm has printed the errors of the compiler.
    process.exit(1);
  }
} else if (command === 'pack' || command === 'publish') {
  // A package without a fresh dist/ must not leave the machine.
  console.error(`prepare: npm ${command} needs TypeScript for the build. Run npm install first.`);
  process.exit(1);
} else {
  console.log('prepare: TypeScript is not installed, so the build is skipped.');
  console.log(
    here('dist/main.js')
      ? 'prepare: dist/ stays as it is.'
      : 'prepare: dist/ is missing. Copy it from a build, or run npm install to build it.',
  );
}
