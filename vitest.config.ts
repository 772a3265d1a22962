import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/temporary.ts', 'test/secrecy.ts'],
    setupFiles: ['test/each-file.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    pool: 'forks',
    isolate: false,
    maxWorkers: 3,
  },
});
