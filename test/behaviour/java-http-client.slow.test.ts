// The HttpClient of a JDK with its default settings: on plain http it offers h2c with each request.
// Where no JDK is installed, upgrade-offers.test.ts and empty-bodies.test.ts have its bytes.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Scene, startScene } from '../fixtures/scene.js';

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('../fixtures/DefaultHttpClient.java', import.meta.url));
const hasJava = await run('java', ['-version'], { timeout: 10_000 }).then(
  () => true,
  () => false,
);

let scene: Scene;
beforeAll(async () => {
  scene = await startScene();
});
afterAll(() => scene.stop());

test.skipIf(!hasJava)(
  'D-19: the HttpClient of the JDK reads metadata, the challenge, answers and streams',
  async () => {
    const env = { ...process.env, TOKEN: scene.token() };
    const { stdout } = await run('java', [PROGRAM, scene.gateway.url], { env, timeout: 60_000 });
    const served = ['call', 'call', 'call', 'chunks', 'stream', 'delete', 'empty-get', 'empty-delete', 'empty-metadata'];
    const lines = ['metadata 200', 'anonymous 401', ...served.map((name) => `${name} 200`)];
    expect(stdout.trim().split('\n')).toEqual(lines.map((line) => `${line} HTTP_1_1`));
    const methods = scene.upstream.requests.map(({ method }) => method);
    expect(methods).toEqual(['POST', 'POST', 'POST', 'POST', 'GET', 'DELETE', 'GET', 'DELETE']);
  },
  90_000,
);
