// Drops each rejection of the rooms that decide about trust, one at a time. Some test must fail.
//
// Usage: `node scripts/mutation.mjs`, or with parts of paths to select files. A line is not tested
// if no test fails without it.
import { execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const only = process.argv.slice(2);
const AT_ONCE = 2;
const MINUTES = 3;

/** A rejection on a line of its own. The whole line is dropped. */
const GUARD = /^ *(?:} )?if \(.*\) return .+;\n/gm;
/** An action under a condition, with its `else`. It is dropped as a whole. */
const DEED = /^ *if \(.*\) (?!return\b|continue\b)[^{]*?;\n(?! *else)/gm;
/** An action that does not apply under a condition. */
const BARE = /^ *if \(.*\) return;\n/gm;
/** A flaw of a body that is reported while the reader continues, or thrown. */
const FLAW = /^ *if \(.*\) (?:this\.invalid\(|throw new InvalidJsonError\().*;\n/gm;
/** A row of a table of checks. */
const ROW = /^ {2}\{(?:\n {4}name: '[^']+',\n[\s\S]*?\n {2}| name: '[^']+',.*)\},\n/gm;
/** One of several conditions that must all hold: each but the last, and each but the first. */
const FORMER = /(?<= = |&& |\()(?:[^&|;()=\n]| [=!]== |\(\))+ && /g;
const LATTER = / && (?:[^&|;()\n]|\([^()\n]*\))+?(?= &&|\)|;)/g;
/** One of two conditions of which one is enough. */
const EITHER_FORMER = /(?<=if \()[^&|;()\n]+ \|\| (?=.*return)/g;
const EITHER_LATTER = / \|\| [^&|;()\n]+(?=\) return)/g;
/** The first of several conditions that a function returns. */
const FIRST = /(?<==> )[^&|;()=\n]+ && /g;

/** `near`: the tests beside the file, where their names begin otherwise than its name. */
const subjects = [
  { file: 'src/verify/authenticators/jwt.ts', drop: [ROW, GUARD] },
  {
    file: 'src/verify/authenticators/jwt-signature.ts',
    drop: [GUARD],
    near: 'test/verify/authenticators/jwt-',
  },
  { file: 'src/verify/algorithms.ts', drop: [GUARD, LATTER] },
  { file: 'src/verify/signature.ts', drop: [GUARD] },
  {
    file: 'src/verify/proof-slots.ts',
    drop: [GUARD, DEED, FORMER, LATTER, FIRST, EITHER_FORMER, EITHER_LATTER],
  },
  { file: 'src/verify/claims.ts', drop: [GUARD] },
  { file: 'src/verify/token-kind.ts', drop: [GUARD] },
  { file: 'src/verify/id-token.ts', drop: [GUARD, LATTER] },
  { file: 'src/verify/issuer/jwk-set.ts', drop: [GUARD] },
  { file: 'src/verify/issuer/jwks-loader.ts', drop: [GUARD] },
  { file: 'src/verify/issuer/jwks.ts', drop: [GUARD, DEED] },
  { file: 'src/verify/issuer/refetch-bucket.ts', drop: [GUARD] },
  { file: 'src/verify/jws.ts', drop: [GUARD] },
  { file: 'src/verify/authenticators/bearer.ts', drop: [GUARD] },
  { file: 'src/verify/select-verifier.ts', drop: [GUARD] },
  { file: 'src/verify/authenticators/introspection.ts', drop: [GUARD] },
  { file: 'src/verify/introspection/response.ts', drop: [ROW, GUARD] },
  { file: 'src/verify/introspection/challenge.ts', drop: [GUARD, DEED] },
  { file: 'src/verify/introspection/active-token.ts', drop: [ROW] },
  { file: 'src/verify/issuer/rejected-tokens.ts', drop: [GUARD, FORMER, LATTER] },
  { file: 'src/verify/issuer/jwt-cache.ts', drop: [GUARD, FORMER, LATTER] },
  { file: 'src/idp/fetch-json.ts', drop: [GUARD] },
  { file: 'src/idp/discovery.ts', drop: [GUARD] },
  { file: 'src/authorize/audience.ts', drop: [GUARD] },
  { file: 'src/mcp/read-message.ts', drop: [GUARD] },
  { file: 'src/mcp/message-reader.ts', drop: [FLAW] },
  { file: 'src/mcp/duplicate-key-reader.ts', drop: [FLAW] },
  { file: 'src/mcp/json-tokens.ts', drop: [FLAW] },
  { file: 'src/mcp/header-consistency.ts', drop: [GUARD] },
  { file: 'src/mcp/protocol-version.ts', drop: [GUARD] },
  { file: 'src/mcp/http-method.ts', drop: [GUARD] },
  { file: 'src/authorize/rules.ts', drop: [GUARD] },
  { file: 'src/authorize/requirements.ts', drop: [GUARD, FORMER] },
  { file: 'src/authorize/name-equivalence.ts', drop: [GUARD] },
  { file: 'src/authorize/glob.ts', drop: [GUARD] },
  { file: 'src/authorize/completion-references.ts', drop: [GUARD, FLAW] },
  { file: 'src/authorize/visible-lists.ts', drop: [GUARD] },
  { file: 'src/http/origin.ts', drop: [GUARD] },
  { file: 'src/http/request-validation.ts', drop: [GUARD, FORMER] },
  { file: 'src/verify/credential.ts', drop: [GUARD] },
  { file: 'src/core/credential.ts', drop: [GUARD] },
  { file: 'src/proxy/upstream-errors.ts', drop: [GUARD, LATTER] },
  { file: 'src/proxy/headers.ts', drop: [LATTER] },
  { file: 'src/proxy/event-stream.ts', drop: [GUARD, LATTER] },
  { file: 'src/proxy/list-filter.ts', drop: [GUARD, LATTER] },
  { file: 'src/proxy/event-filter.ts', drop: [GUARD, LATTER] },
  { file: 'src/proxy/outbox.ts', drop: [DEED, BARE, FORMER, LATTER] },
  { file: 'src/proxy/list-relay.ts', drop: [GUARD, LATTER] },
  { file: 'src/seal/key-ring.ts', drop: [GUARD] },
  { file: 'src/proxy/sessions.ts', drop: [GUARD, FORMER, LATTER] },
  { file: 'src/config/session-keys.ts', drop: [DEED] },
  { file: 'src/config/signing-keys.ts', drop: [GUARD] },
];

/** Drops without a visible effect, by a part of the dropped text, each with the reason. */
const equivalent = new Map([
  ['set !== entry.foundIn', 'spares a search in the set that was searched before'],
  ["connection !== 'keep-alive'", 'spares a look for names where there are none'],
  ['cached !== undefined) return cached;', 'spares a search with the same result'],
  ['(size === 0) return', 'spares new lists where no bytes wait'],
  ['LONGEST_CACHED', 'bounds memory'],
  ['two Origin lines', 'names what no list could allow'],
]);

function mutantsOf({ file, drop, near }) {
  const text = readFileSync(join(root, file), 'utf8');
  return drop.flatMap((pattern) => {
    const found = [...text.matchAll(pattern)];
    // A pattern that no longer fits the file would test nothing, and the run would not show it.
    if (found.length === 0) throw new Error(`${file}: nothing matches ${pattern}`);
    return found.map(({ 0: dropped, index }) => ({
      file,
      near,
      line: text.slice(0, index).split('\n').length,
      dropped: dropped.trim().split('\n').slice(0, 2).join(' '),
      text: text.slice(0, index) + text.slice(index + dropped.length),
    }));
  });
}

/** A copy of the repository in which one file can be replaced. */
function createBench() {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-mutation-'));
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' });
  for (const file of files.split('\0').filter(Boolean)) {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** Tests of behaviours, commands and scripts are left out: they run the build. */
const BUILD_TESTS = ['test/behaviour/**', 'test/commands/**', 'test/scripts/**'];
const LEFT_OUT = [...BUILD_TESTS, 'test/fixtures.test/**'].flatMap((glob) => ['--exclude', glob]);

function runTests(folder, args) {
  return new Promise((resolve) => {
    const child = spawn('npx', ['vitest', ...args, '--bail=1', ...LEFT_OUT], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: MINUTES * 60_000,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data) => (output += data));
    child.on('close', (code) =>
      resolve({ failed: code !== 0, ran: /Tests .*(passed|failed)/.test(output), output }),
    );
  });
}

/** Whether some test that depends on the file fails. The fast tests beside it run first. */
async function fails(folder, { file, near = file.replace(/^src/, 'test').replace(/\.ts$/, '') }) {
  const first = await runTests(folder, ['run', near, '--passWithNoTests']);
  if (first.failed && first.ran) return first;
  return runTests(folder, ['related', file, '--run']);
}

const isSelected = ({ file }) => only.length === 0 || only.some((part) => file.includes(part));
const mutants = subjects.filter(isSelected).flatMap(mutantsOf);
if (mutants.length === 0) throw new Error(`no file has ${only.join(' or ')} in its path`);
const benches = Array.from({ length: Math.min(AT_ONCE, mutants.length) }, createBench);
const survivors = [];
let done = 0;

async function work(folder, queue) {
  for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
    const { file, line, dropped, text } = mutant;
    const excuse = [...equivalent].find(([part]) => dropped.includes(part))?.[1];
    writeFileSync(join(folder, file), text);
    const { failed, ran, output } =
      excuse === undefined ? await fails(folder, mutant) : { failed: true, ran: true };
    cpSync(join(root, file), join(folder, file));
    done++;
    const result =
      excuse !== undefined
        ? `skipped: ${excuse}`
        : !ran
          ? 'NO TEST RAN'
          : failed
            ? 'noticed'
            : 'SURVIVED';
    console.log(`[${done}/${mutants.length}] ${result}  ${file}:${line}  ${dropped}`);
    if (!ran) console.log(output);
    if (!failed || !ran) survivors.push(`${file}:${line}  ${dropped}`);
  }
}

try {
  for (const folder of benches) {
    const { failed, output } = await fails(folder, { file: 'src/verify/authenticators/bearer.ts' });
    if (failed) throw new Error(`the tests fail without any change\n${output}`);
    break;
  }
  const queue = [...mutants];
  await Promise.all(benches.map((folder) => work(folder, queue)));
} finally {
  for (const folder of benches) rmSync(folder, { recursive: true, force: true });
}
console.log(
  survivors.length === 0
    ? `all ${mutants.length} drops were noticed`
    : `${survivors.length} of ${mutants.length} SURVIVED\n  ${survivors.join('\n  ')}`,
);
process.exitCode = survivors.length === 0 ? 0 : 1;
