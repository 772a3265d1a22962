// Runs the tests of shared limits with a real Redis, and with Valkey where it is installed.
// Fails without a Redis: `apt-get install redis-server`.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { exitOnSignals, startChild } from '../../test/fixtures/child.js';

const TESTS = 'test/behaviour/limits-redis.slow.test.ts';
const cwd = fileURLToPath(new URL('../../', import.meta.url));

/** Null: it is not installed. */
function versionOf(server) {
  try {
    const options = { encoding: 'utf8', timeout: 10_000 };
    return execFileSync(server, ['--version'], options).split(' ').slice(0, 3).join(' ');
  } catch {
    return null;
  }
}

exitOnSignals();
const servers = ['redis-server', 'valkey-server'];
const versions = servers.map(versionOf);
const done = [];
for (const [at, server] of servers.entries()) {
  const version = versions[at];
  if (version === null && server !== 'redis-server') {
    done.push(`${server} is not installed`);
    continue;
  }
  const env = {
    ...process.env,
    PORTCULLIS_REDIS_SERVER: server,
    PORTCULLIS_REDIS_REQUIRED: '1',
  };
  const onLine = (line) => console.log(line);
  const child = startChild('npx', ['vitest', 'run', TESTS], { cwd, env, onLine });
  const { code } = await child.exited;
  if (code !== 0) {
    console.error(`the tests failed with ${server}`);
    process.exit(1);
  }
  done.push(`passed with ${version}`);
}
console.log(`shared limits: ${done.join('; ')}`);
