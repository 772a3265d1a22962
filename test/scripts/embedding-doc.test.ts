// The programs of docs/embedding.md and docs/deploy.md run as they are, with free ports.
import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { type ProgramFolder, programFolder, root } from '../support/embedding-program.js';

const samples = (page: string, language: string): string[] =>
  [...readFileSync(`${root}docs/${page}`, 'utf8').matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, text = '']) => text,
  );

/** With free ports, and with an end. */
const runnable = (program: string): string =>
  `${program.replace("publicUrl: '", "listen: { port: 0 }, admin: { port: 0 }, publicUrl: '")}
if (typeof gateway !== 'undefined') setTimeout(() => process.kill(process.pid, 'SIGTERM'), 100);
`;

let folder: ProgramFolder | null = null;
afterEach(() => folder?.remove());

test('docs/embedding.md: the program in JavaScript runs, and ends at SIGTERM', async () => {
  const [program = ''] = samples('embedding.md', 'js');
  folder = programFolder({ 'gateway.mjs': runnable(program) });
  const { lines, code } = await folder.run(['gateway.mjs']);
  expect(lines.join('\n')).toMatch(/MCP clients reach http:\/\/127\.0\.0\.1:\d+ through/);
  expect(lines.join('\n')).toContain('"gateway.stopped"');
  expect(code).toBe(0);
});

test('docs/embedding.md: the program in TypeScript compiles', async () => {
  const [program = ''] = samples('embedding.md', 'ts');
  const name = /^\/\/ (gateway\.\w+)/.exec(program)?.[1] ?? '';
  const compilerOptions = { strict: true, module: 'NodeNext', noEmit: true, target: 'ES2022', lib: ['ES2022', 'DOM'], types: [] };
  const tsconfig = JSON.stringify({ compilerOptions, files: [name] });
  // npm writes no "type" into the package.json of a new folder.
  folder = programFolder({ [name]: program, 'tsconfig.json': tsconfig, 'package.json': '{}' });
  expect(await folder.run([`${root}node_modules/typescript/bin/tsc`, '-p', '.'])).toEqual({ lines: [], code: 0 });
});

test('docs/deploy.md: the program reads the file beside it', async () => {
  const program = samples('deploy.md', 'js').find((text) => text.includes('createGateway')) ?? '';
  const file = samples('deploy.md', 'yaml').find((text) => text.includes('yaml-language-server')) ?? '';
  const ports = 'listen: { port: 0 }\nadmin: { port: 0 }\n';
  folder = programFolder({ 'gateway.mjs': runnable(program), 'portcullis.yaml': `${file}${ports}` });
  const { lines, code } = await folder.run(['gateway.mjs']);
  expect(lines.join('\n')).toContain('"gateway.stopped"');
  expect(code).toBe(0);
});
