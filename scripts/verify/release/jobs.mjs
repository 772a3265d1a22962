// Runs the scripts of a job of release.yml as the runner does: with bash, its variables, and the
// files of earlier jobs. The actions themselves do not run.
import { appendFileSync, chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parse } from 'yaml';
import { runToEnd } from '../../../test/fixtures/child.js';
import { cleanEnvironment } from '../../../test/fixtures/launch.js';

const STEP_MS = 900_000;
const REGISTRY = 'registry.example/portcullis-mcp';

/** The value of each expression that a variable of a step can have. */
const valuesOf = (version) => ({
  'steps.check.outputs.version': version,
  'needs.version.outputs.version': version,
  "github.event_name == 'push' && github.ref_name || ''": `v${version}`,
  'github.ref_name': `v${version}`,
  'github.repository': 'portcullis-mcp/portcullis',
  'github.token': 'token-of-the-workflow',
  'secrets.REGISTRY_TOKEN || github.token': 'token-of-the-workflow',
  'vars.REGISTRY_USER || github.actor': 'maintainer',
  'vars.IMAGE': `${REGISTRY}/portcullis`,
  'vars.CHARTS': `${REGISTRY}/charts`,
});

/** Stands in for a program that would publish: it writes its arguments to a file. */
const STAND_IN = `#!/usr/bin/env bash
set -euo pipefail
echo "$(basename "$0") $*" >> "$PUBLISHED"
case "$(basename "$0") $1" in
  "docker login" | "helm registry") cat > /dev/null ;;
  "skopeo copy") echo sha256:0123 > digest ;;
  "helm push") test -f "$2"; echo "Digest: sha256:4567" ;;
  "npm publish") test -f "$2" ;;
esac
`;

export const jobsOf = (root) =>
  parse(readFileSync(join(root, '.github', 'workflows', 'release.yml'), 'utf8')).jobs;

/** Writes the stand-ins, and returns their folder. */
export function standIns(folder) {
  mkdirSync(folder, { recursive: true });
  for (const name of ['docker', 'gh', 'helm', 'npm', 'skopeo']) {
    writeFileSync(join(folder, name), STAND_IN);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

/** The variables of a step, with the values of their expressions. */
function variablesOf(step, version) {
  const values = valuesOf(version);
  const entries = Object.entries(step.env ?? {}).map(([name, text]) => {
    const expression = /^\$\{\{ (.*) \}\}$/.exec(text)?.[1];
    if (expression === undefined || !Object.hasOwn(values, expression))
      throw new Error(`release.yml: no value for ${name}: ${text}`);
    return [name, values[expression]];
  });
  return Object.fromEntries(entries);
}

/**
 * Runs each script of a job in `cwd`. `path` has folders for the front of PATH.
 * @returns the outputs that the job wrote
 */
export async function runJob(job, { cwd, version, scratch, path = [], env = {} }) {
  const outputs = join(scratch, 'outputs');
  const logFile = join(scratch, 'job.log');
  writeFileSync(outputs, '');
  for (const step of job.steps.filter(({ run }) => run !== undefined)) {
    const script = join(scratch, 'step.sh');
    writeFileSync(script, step.run);
    appendFileSync(logFile, `$ ${step.run}\n`);
    const settings = {
      cwd,
      logFile,
      env: {
        ...cleanEnvironment(),
        ...variablesOf(step, version),
        ...env,
        GITHUB_OUTPUT: outputs,
        GITHUB_STEP_SUMMARY: join(scratch, 'summary.md'),
        PATH: [...path, process.env.PATH].join(delimiter),
      },
    };
    const args = ['--noprofile', '--norc', '-eo', 'pipefail', script];
    const code = await runToEnd(STEP_MS, 'bash', args, settings);
    if (code !== 0)
      throw new Error(`"${step.name ?? step.run}" ended with ${code}; see ${logFile}`);
  }
  return readFileSync(outputs, 'utf8');
}
