// Checks the rules of the house: who may import whom, one door for each dependency, no surroundings
// in a stage, the form of a file.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { circles, formFlaws, importsOf, lengthFlaws, surroundingsTaken, wallsCrossed } from './support/house-rules.js';
import { codeOnly, sources, tests, withoutComments } from './support/sources.js';

const all = sources();

describe('the sources', () => {
  test('are found', () => {
    expect(all.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['gateway.ts', 'core/failure.ts', 'http/http-exchange.ts', 'main.ts']),
    );
    expect(all.flatMap(({ text }) => importsOf(text)).length).toBeGreaterThan(150);
  });
  test('import only what their room may see', () => expect(all.flatMap(wallsCrossed)).toEqual([]));
  test('take no surroundings in a stage (E-13, injected clock)', () => expect(all.flatMap(surroundingsTaken)).toEqual([]));
  test('have the form of the house', () => expect(all.flatMap(formFlaws)).toEqual([]));
  test('do not import each other in a circle', () => expect(circles(all)).toEqual([]));

  test('are named in ARCHITECTURE.md, room by room, and nothing else is', () => {
    const text = readFileSync(new URL('../ARCHITECTURE.md', import.meta.url), 'utf8');
    const named = text.split('\n- **`').flatMap((entry) => {
      const room = /^([a-z]+\/(?:[a-z]+\/)?)`\*\*/.exec(entry)?.[1];
      const [paragraph = ''] = entry.split('\n\n', 1);
      return room === undefined ? [] : [...paragraph.matchAll(/`([a-z0-9-]+)`/g)].map(([, file]) => `${room}${file}.ts`);
    });
    // The parts of the demo and of the doctor are named by their folder.
    const there = all.map(({ path }) => path).filter((path) => path.includes('/') && !/^commands\/[^/]+\//.test(path));
    expect(there).toContain('core/failure.ts');
    expect(named.sort()).toEqual(there.sort());
  });
});

test('no file of test/ has more than 250 lines', () => {
  expect(tests().map(({ path }) => path)).toContain('house.test.ts');
  expect(tests().flatMap(lengthFlaws)).toEqual([]);
});

describe('the checker finds', () => {
  const good = '// Reads x.\n';
  test.each([
    ['core/a.ts', "import { inspect } from 'node:util';"],
    ['core/a.ts', "import { x } from '../verify/jwt.js';"],
    ['observe/a.ts', "import { x } from '../verify/jwt.js';"],
    ['verify/a.ts', "import type { X } from '../authorize/audience.js';"],
    ['verify/a.ts', "import { resolveConfig } from '../config/load.js';"],
    ['verify/a.ts', "import { createCorridor } from '../gateway.js';"],
    ['gateway.ts', "import { sendError } from './http/error-response.js';"],
    ['http/a.ts', "import { startGateway } from '../app/app.js';"],
    ['http/a.ts', "import { readCredential } from '../verify/credential.js';"],
    ['proxy/a.ts', "import '../observe/log.js';"],
    ['proxy/a.ts', "const x = await import('../observe/log.js');"],
    ['proxy/a.ts', "export { createLog } from '../observe/log.js';"],
    ['main.ts', "import { readCredential } from './verify/credential.js';"],
    ['app/app.ts', "import { serve } from '../commands/serve.js';"],
    ['verify/a.ts', "import { Hono } from 'hono';"],
    ['verify/a.ts', "import { request, type Dispatcher } from 'undici';"],
    ['proxy/relay.ts', "import { Pool } from 'undici';"],
    ['http/a.ts', "import { jwtVerify } from 'jose';"],
    ['config/load.ts', "import { z } from 'zod';"],
    ['verify/a.ts', "import { readFileSync } from 'node:fs';"],
    ['proxy/a.ts', "import { connect } from 'node:net';"],
    ['authorize/a.ts', "import got from 'got';"],
    ['index.ts', "export { startGateway } from './app/app.js';"],
    ['launch/a.ts', "import { createLog } from '../observe/log.js';"],
    ['app/a.ts', "import { version } from '../launch/version.js';"],
    ['utensils/a.ts', "import { x } from '../core/failures.js';"],
  ])('in %s: %s', (path, text) => {
    expect(wallsCrossed({ path, text: `${good}${text}\n` })).toHaveLength(1);
  });

  test.each([
    ['verify/a.ts', "import type { ResolvedConfig } from '../config/resolved-config.js';"],
    ['verify/a.ts', "import {\n  good,\n  type Result,\n} from '../core/result.js';"],
    ['proxy/relay.ts', "import { type Dispatcher } from 'undici';"],
    ['http/a.ts', "// import { x } from '../verify/jwt.js'\nimport { Hono } from 'hono';"],
    ['app/app.ts', "import type { AddressInfo } from 'node:net';"],
    ['index.ts', "export { createGateway } from './launch/create-gateway.js';"],
  ])('nothing in %s: %s', (path, text) => {
    expect(wallsCrossed({ path, text: `${good}${text}\n` })).toEqual([]);
  });

  test.each([
    ['const now = Date.now();', 'Date.now'],
    ['const home = process.env.HOME;', 'process'],
    ['load(process);', 'process'],
    ["console.log('x');", 'console'],
    ['const answer = await fetch(url);', 'fetch'],
  ])('%s in a stage only', (text, name) => {
    expect(surroundingsTaken({ path: 'verify/a.ts', text })).toEqual([`verify/a.ts: ${name}`]);
    expect(surroundingsTaken({ path: 'commands/a.ts', text })).toEqual([]);
    expect(surroundingsTaken({ path: 'verify/a.ts', text: `// ${text}\nconst a = "${text.replaceAll('"', '')}";` })).toEqual([]);
  });

  test.each([
    ['verify/a.ts', `${good}${'\n'.repeat(250)}`, '251 lines'],
    ['verify/aB.ts', good, 'its name is not in kebab-case'],
    ['verify/utils.ts', good, 'its name says nothing'],
    ['verify/a.ts', `${good}export default 1;\n`, 'a default export'],
    ['verify/a.ts', `${good}export { a as default };\n`, 'a default export'],
    ['verify/a.ts', `${good}export * from './b.js';\n`, 're-exports names of another file'],
    ['verify/index.ts', good, 'its name says nothing'],
    ['verify/a.ts', 'export const a = 1;\n', 'its first line does not say what it does'],
    ['main.ts', '#!/usr/bin/env node\nexport const a = 1;\n', 'its first line does not say what it does'],
  ])('in %s the form: %#', (path, text, flaw) => {
    expect(formFlaws({ path, text })).toEqual([`${path}: ${flaw}`]);
  });

  test('a test file of 251 lines, and nothing in one of 250', () => {
    expect(lengthFlaws({ path: 'verify/a.test.ts', text: '\n'.repeat(251) })).toEqual(['verify/a.test.ts: 251 lines']);
    expect(lengthFlaws({ path: 'verify/a.test.ts', text: '\n'.repeat(250) })).toEqual([]);
  });

  test('nothing in a file of good form', () => {
    expect(formFlaws({ path: 'verify/a-b.ts', text: `${good}${'\n'.repeat(249)}` })).toEqual([]);
    expect(formFlaws({ path: 'main.ts', text: `#!/usr/bin/env node\n${good}` })).toEqual([]);
    expect(formFlaws({ path: 'index.ts', text: `${good}export { a } from './b.js';\n` })).toEqual([]);
  });

  test('a circle of files, types included, once', () => {
    const file = (path: string, ...imports: string[]) => ({
      path,
      text: imports.map((from) => `import type { X } from '${from}';\n`).join(''),
    });
    expect(
      circles([file('a/a.ts', './b.js'), file('a/b.ts', '../c/c.js'), file('c/c.ts', '../a/a.js', './d.js'), file('c/d.ts')]),
    ).toEqual(['a/a.ts -> a/b.ts -> c/c.ts -> a/a.ts']);
    expect(circles([file('a/a.ts', './b.js', './c.js'), file('a/b.ts', './c.js'), file('a/c.ts')])).toEqual([]);
  });

  test('no comment in a string, and no string in a comment', () => {
    expect(withoutComments(`const a = 'http://b'; // it's\n/* "x */ const c = /[/'"]/;`)).toBe(
      `const a = 'http://b'; \n const c = /[/'"]/;`,
    );
    expect(codeOnly(`f('process.env', "a") // process.env`)).toBe(`f('', '') `);
  });
});
