// Checks that the doctor finds no failure behind a front.
import { spawn } from 'node:child_process';
import { cleanEnvironment, gatewayMain } from '../../../../test/fixtures/launch.js';
import { PATHS } from './behind.mjs';

const DOCTOR_MS = 120_000;

function run(url, env) {
  const child = spawn(process.execPath, [gatewayMain, 'doctor', url, '--json'], {
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: DOCTOR_MS,
  });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  return new Promise((resolve) => child.once('close', () => resolve(text)));
}

/** The identity provider here has no TLS, so the doctor sends it nothing for an https URL. */
const isOfTheLab = ({ observed }) => observed.includes('NOT SENT: the URL is neither https');

/** The problems that the doctor found, also those that are only a warning. */
function judge(text) {
  const { checks } = JSON.parse(text);
  const bad = checks.filter((one) => /^(fail|warn)$/.test(one.result) && !isOfTheLab(one));
  const seen = bad.map(({ name, result, observed }) => `${result} ${name}: ${observed}`);
  const isGood = checks.length > 0 && bad.every(({ result }) => result !== 'fail');
  return { isGood, seen: seen.join('; ') || 'no problem' };
}

export async function checkDoctor({ world, report }) {
  for (const name of ['v1', 'v2']) {
    const env = {
      NODE_EXTRA_CA_CERTS: world.certificate.cert,
      PORTCULLIS_TOKEN: world.tokens[name],
    };
    const { isGood, seen } = judge(await run(`${world.origin}${PATHS[name]}`, env));
    report(`doctor, ${name}`, isGood, seen);
  }
}
