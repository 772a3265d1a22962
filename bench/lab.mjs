// Runs the judge of a performance lab, which measures the gateway. PORTCULLIS_LAB names the folder
// of the lab.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from '../test/fixtures/child.js';
import { cleanEnvironment, gatewayMain, gatewayVariables } from '../test/fixtures/launch.js';
import { withDeadline } from '../test/fixtures/wait.js';

/** The port where the lab expects the gateway, and the URLs of its upstream and issuer. */
const PORT = 8080;
const UPSTREAM = 'http://127.0.0.1:9101/mcp';
const ISSUER = 'http://127.0.0.1:9100';
/** One of the scopes of its tokens. */
const SCOPE = 'mcp:tools';
const TARGETS = 6;
const WARM_SECONDS = 2;
const SLACK_SECONDS = 60;

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** Resolves with the exit code. `more`: more arguments for the judge. */
export async function runLab({ node, rounds, seconds, logFile, more }) {
  const lab = process.env.PORTCULLIS_LAB ?? '';
  const judge = join(lab, 'bench', 'judge.mjs');
  if (lab === '' || !existsSync(judge)) {
    console.error(
      '--lab needs PORTCULLIS_LAB: the folder of a lab that is set up, with bench/judge.mjs in it',
    );
    return 2;
  }
  const command = `${quoted(node)} ${quoted(gatewayMain)} serve > ${quoted(logFile)} 2>&1`;
  const args = [
    '--only=json',
    '--name=portcullis',
    `--port=${PORT}`,
    `--rounds=${rounds}`,
    `--dur=${seconds}`,
  ];
  const variables = gatewayVariables({
    port: PORT,
    upstream: UPSTREAM,
    issuer: ISSUER,
    scope: SCOPE,
  });
  let output = '';
  const onText = (text, from) => {
    if (from === 'out') output += text;
    process[`std${from}`].write(text);
  };
  const env = { ...cleanEnvironment(), ...variables };
  const all = [judge, ...args, `--cmd=${command}`, ...more];
  const child = startChild(process.execPath, all, { cwd: lab, env, onText });
  const limit = (WARM_SECONDS + rounds * seconds) * TARGETS * 2 + SLACK_SECONDS;
  try {
    const { code } = await withDeadline('the judge', child.exited, limit * 1000);
    // It prints wrong answers, but its exit code is 0.
    if (code !== 0 || output.includes('WRONG')) return 1;
    rmSync(logFile);
    return 0;
  } finally {
    // It ends its processes when it gets the signal to end.
    await child.end();
  }
}
