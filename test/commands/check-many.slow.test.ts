// `portcullis check` for a thousand tenants: lines for the problems alone, and a summary.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { check } from '../../src/commands/check.js';
import { ownPort } from '../fixtures/ports.js';
import { withDeadline } from '../fixtures/wait.js';
import { type CheckScene, environment, type Raw, startCheckScene } from './check-scene.js';
import { captureIo } from './in-process.js';

let scene: CheckScene;
beforeAll(async () => {
  scene = await startCheckScene();
});
beforeEach(() => scene.reset());
afterAll(() => scene.stop());

test('a thousand issuers: lines for the problems alone, and a summary', async () => {
  const { issuers, endpoints, ...rest } = (await scene.config()) as { issuers: { main: Raw }; endpoints: [Raw] } & Raw;
  const refusing = await ownPort();
  // All servers share the process of the test.
  const patient = () => ({ jwks: { timeoutMs: 30_000 } });
  const many = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, at) => [
      `t${at}`,
      { issuer: `http://127.0.0.1:${refusing}/t${at}`, jwksUri: scene.issuer.jwksUri, ...patient() },
    ]),
  );
  const config = {
    ...rest,
    issuers: { main: { ...issuers.main, ...patient(), issuer: `${scene.issuer.issuer}/` }, ...many },
    endpoints: [{ ...endpoints[0], issuers: ['main', ...Object.keys(many)] }],
  };
  const io = captureIo({ env: environment });
  await withDeadline('the check ends', check([scene.file('many.yaml', stringify(config))], io), 55_000);
  const lines = io.written.join('\n').split('\n');
  expect(lines.filter((line) => line !== '')).toHaveLength(3);
  expect(lines[0]).toMatch(/^FAIL {2}issuer http:\S+\/: metadata: /);
  expect(lines.at(-1)).toMatch(/^[\d,]+ checks passed, 0 warnings, 1 problem$/);
}, 60_000);
