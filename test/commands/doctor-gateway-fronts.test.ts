// The doctor on the real gateway, behind fronts that drop or join headers, and at a path with a
// slash too many.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createInspection } from '../../src/commands/doctor/inspection.js';
import { allChecks } from '../../src/commands/doctor/run-checks.js';
import { type FrontFaults, startFront } from '../fixtures/front.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { TARGET } from './run-doctor.js';

let scene: Scene;
beforeAll(async () => {
  scene = await startScene();
});
afterAll(() => scene.stop());

const probe = async (name: string, url: string) => {
  const token = scene.token();
  const inspection = createInspection({ ...TARGET, url, token });
  return allChecks.find((check) => check.name === name)?.probe(inspection);
};

async function probeBehind(name: string, faults: FrontFaults) {
  const front = await startFront(() => scene.gateway.url, faults);
  const observation = await probe(name, `${front.url}/mcp`);
  await front.stop();
  return observation;
}

describe('Mcp-Param headers with `_` and `.` in the name', () => {
  test('reach the gateway directly, and behind a front that passes them on', async () => {
    const arrive = { result: 'ok', observed: 'Mcp-Param-a_b and Mcp-Param-a.b reach the server' };
    expect(await probe('Mcp-Param headers', `${scene.gateway.url}/mcp`)).toEqual(arrive);
    expect(await probeBehind('Mcp-Param headers', {})).toEqual(arrive);
  });

  test.each<[string, FrontFaults, string]>([
    ['both', { name: 'nginx/1.22.1', drops: /[_.]/ }, 'Mcp-Param-a_b and Mcp-Param-a.b do not reach the server'],
    ['the underscore', { name: 'nginx/1.22.1', drops: /_/ }, 'Mcp-Param-a_b does not reach the server'],
  ])('are lost behind a front that drops %s', async (_title, faults, observed) => {
    expect(await probeBehind('Mcp-Param headers', faults)).toMatchObject({
      result: 'warn',
      observed,
      settings: ['nginx, which is in front: `ignore_invalid_headers off`, in the server block'],
    });
  });

  test('cannot be seen behind a front that joins lines', async () => {
    expect(await probeBehind('Mcp-Param headers', { joins: true })).toMatchObject({
      result: 'skipped',
      observed: expect.stringMatching(/a proxy may join its lines$/),
    });
  });
});

test('a token of 16 KB, and 2 MB without a token, against the gateway itself', async () => {
  const url = `${scene.gateway.url}/mcp`;
  expect(await probe('long token', url)).toMatchObject({ result: 'ok' });
  expect(await probe('large body without a token', url)).toMatchObject({ result: 'ok' });
});

test.each([
  ['a slash too many', '/mcp/'],
  ['two slashes', '//mcp'],
])('%s: the doctor reads the right path from the answer of the gateway', async (_title, path) => {
  const { url } = scene.gateway;
  const observation = await probe('MCP server', url + path);
  expect(observation).toMatchObject({
    result: 'fail',
    observed: 'POST got 404 with application/json: only slashes differ from the path /mcp',
    fix: `use the URL ${url}/mcp. If you did, a proxy on the way adds or removes a slash`,
  });
  expect((await probe('MCP server', `${url}/other`))?.fix).toMatch(/^check the URL: it must be exact/);
});
