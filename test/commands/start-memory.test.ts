// The collection after the start.
import { expect, test } from 'vitest';
import { releaseStartMemory } from '../../src/commands/start-memory.js';

test('it leaves no function behind that would collect at any time', () => {
  releaseStartMemory();
  expect('gc' in globalThis).toBe(false);
});
