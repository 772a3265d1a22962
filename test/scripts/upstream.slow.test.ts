// Runs the TypeScript server of docs/upstream.md behind the real gateway. `npm run verify -- --only
// upstream` does the same with the other languages, and while the keys rotate.
import { expect, test } from 'vitest';
import { runShell } from '../support/printed-commands.js';

test('the server tells users apart and rejects wrong JWTs (A-43)', { timeout: 90_000 }, async () => {
  const { code, output } = await runShell('node scripts/verify/upstream.mjs --quick typescript');
  expect(output.split('\n')).toEqual([
    '  typescript: two users and an API key are three callers',
    '  typescript: 13 wrong JWTs get 401',
    'the servers of docs/upstream.md: 1 verified, 0 skipped',
  ]);
  expect(code).toBe(0);
});
