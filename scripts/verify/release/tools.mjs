// Brings the tools of the release check: actionlint from its Go module, shellcheck from Debian, and
// Python libraries that validate SBOMs. All of them stay below .scratch.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runToEnd } from '../../../test/fixtures/child.js';
import { cleanEnvironment } from '../../../test/fixtures/launch.js';
import { unpack } from '../idps/debian.mjs';

const ACTIONLINT = 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12';
const VALIDATORS = ['cyclonedx-python-lib[json-validation]==11.12.0', 'spdx-tools==0.8.5'];
const INSTALL_MS = 600_000;

async function run(home, command, args, env = {}) {
  const logFile = join(home, 'install.log');
  const settings = { cwd: home, env: { ...cleanEnvironment(), ...env }, logFile };
  const code = await runToEnd(INSTALL_MS, 'nice', [command, ...args], settings);
  if (code !== 0) throw new Error(`${command} ${args[0]} ended with ${code}; see ${logFile}`);
}

/** Installs once: `mark` is a file with the versions that are there. */
async function once(home, name, install) {
  const done = join(home, `${name.replaceAll(/[^\w.-]/g, '_')}.done`);
  mkdirSync(home, { recursive: true });
  if (existsSync(done)) return;
  console.log(`installing ${name}`);
  await install();
  writeFileSync(done, '');
}

/** The path of actionlint. */
export async function actionlint(home) {
  await once(home, ACTIONLINT, () => run(home, 'go', ['install', ACTIONLINT], { GOBIN: home }));
  return join(home, 'actionlint');
}

/** The path of shellcheck: of the machine, or from Debian. */
export async function shellcheck(home) {
  const folder = join(home, 'shellcheck');
  mkdirSync(folder, { recursive: true });
  const unpacked = await unpack(folder, ['shellcheck']);
  return join(unpacked, 'usr', 'bin', 'shellcheck');
}

/** A Python interpreter that has the validators. */
export async function validators(home) {
  const venv = join(home, 'venv');
  const python = join(venv, 'bin', 'python');
  await once(home, VALIDATORS.join(' '), async () => {
    await run(home, 'python3', ['-m', 'venv', '--clear', venv]);
    await run(home, python, ['-m', 'pip', 'install', '-q', ...VALIDATORS]);
  });
  return python;
}

const CYCLONEDX = `
import json, sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
text = open(sys.argv[1]).read()
version = SchemaVersion.from_version(json.loads(text)["specVersion"])
problem = JsonStrictValidator(version).validate_str(text)
sys.exit(str(problem) if problem else 0)
`;

const SPDX = `
import sys
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
problems = validate_full_spdx_document(parse_file(sys.argv[1]))
sys.exit("; ".join(problem.validation_message for problem in problems) or 0)
`;

/** Throws with the problems of an SBOM. */
export function validate(python, file) {
  const program = file.endsWith('.cdx.json') ? CYCLONEDX : SPDX;
  execFileSync(python, ['-c', program, file], { stdio: 'pipe', timeout: INSTALL_MS });
}
