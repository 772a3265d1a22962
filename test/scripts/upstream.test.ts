// Checks the servers of docs/upstream.md without running them. upstream.slow.test.ts runs the one
// in TypeScript, and `npm run verify -- --only upstream` all of them.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { IDENTITY_KEYS_PATH, IDENTITY_TYP } from '../../src/core/identity-token.js';

const text = readFileSync(new URL('../../docs/upstream.md', import.meta.url), 'utf8');
const blockOf = (mark: string): string => new RegExp(`^\`\`\`${mark}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(text)?.[1] ?? '';

/** Without blank lines, the package clause and the imports. */
const codeLines = (code: string): string[] => {
  const body = code.replace(/^import \([\s\S]*?^\)$/m, '');
  return body.split('\n').filter((line) => line.trim() !== '' && !/^(import|from|package) /.test(line));
};

describe.each(['ts', 'python', 'go'])('the server in %s', (mark) => {
  const code = blockOf(mark);

  test('has at most 15 lines, in a width that a page shows', () => {
    expect(codeLines(code).length).toBeGreaterThan(8);
    expect(codeLines(code).length).toBeLessThanOrEqual(15);
    for (const line of code.split('\n')) expect(line.replaceAll('\t', '    ').length).toBeLessThanOrEqual(110);
  });

  test('names the keys, the type, the issuer and the audience, and uses sub_id', () => {
    expect(code).toContain(`${IDENTITY_KEYS_PATH}`);
    expect(code).toContain(IDENTITY_TYP);
    for (const word of ['https://mcp.example.com', 'files-backend', 'sub_id']) expect(code).toContain(word);
  });
});

test('PyJWT gets a leeway: without it, it rejects an iat that is one second ahead of its clock', () =>
  expect(blockOf('python')).toMatch(/"leeway": \d+/));
