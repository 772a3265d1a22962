// Says which of the demo's packages is missing or broken, and how to install it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageProblem } from '../../src/commands/demo/packages.js';

const works = async () => ({});
/** As Node words it, for a package that an ES module imports. */
const without = (name: string) => async () => {
  const error = new Error(`Cannot find package '${name}' imported from /app/dist/main.js`);
  throw Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' });
};

let project = '';
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'portcullis-project-'));
  writeFileSync(join(project, 'package.json'), '{}');
});
afterAll(() => rmSync(project, { recursive: true }));

const inProject = () => `${project}/node_modules/mcp-portcullis/`;
const REMEDY = () => `Install them in ${project}/:\nnpm install --include=optional`;

test('both are here', async () => {
  expect(await packageProblem()).toBeNull();
});

test('both are missing', async () => {
  const problem = await packageProblem({ idp: without('idp'), '@mcp/server': without('@mcp/server') }, inProject());
  expect(problem).toBe(
    'The demo needs idp and @mcp/server, which this install does not have.\n' +
      'An install with --omit=optional leaves them out. All other commands work without them.\n' +
      REMEDY(),
  );
});

test('one is missing', async () => {
  const problem = await packageProblem({ idp: works, server: without('server') }, inProject());
  expect(problem).toMatch(/^The demo needs server, which this install does not have\.\n/);
});

test('a package that one of them needs is missing', async () => {
  const problem = await packageProblem({ idp: without('koa'), server: works }, inProject());
  expect(problem).toBe(
    "The demo cannot load idp, because its install is broken: Cannot find package 'koa' imported from /app/dist/main.js\n" +
      REMEDY(),
  );
});

test('one is broken, the other is missing', async () => {
  const broken = async () => {
    throw new SyntaxError('Unexpected token\nsecond line');
  };
  const lines = (await packageProblem({ idp: broken, server: without('server') }, inProject()))?.split('\n');
  expect(lines?.[0]).toBe('The demo cannot load idp, because its install is broken: Unexpected token');
  expect(lines?.[1]).toBe('The demo needs server, which this install does not have.');
});

test('without a project around it, as in a global install: no command for a folder', async () => {
  const problem = await packageProblem({ idp: without('idp') }, '/usr/local/lib/node_modules/mcp-portcullis/');
  expect(problem).toMatch(/\nInstall Portcullis again, with its optional dependencies\.$/);
});

test.each(['pnpm-lock.yaml', 'yarn.lock'])('in a project with %s: no command of npm', async (name) => {
  writeFileSync(join(project, name), '');
  const problem = await packageProblem({ idp: without('idp') }, inProject());
  rmSync(join(project, name));
  expect(problem).toMatch(/\nInstall Portcullis again, with its optional dependencies\.$/);
});
