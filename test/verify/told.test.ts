// Each check of a JWT tells what it reads or wants: a check that is added must not be silent in `explain`.
import { expect, test } from 'vitest';
import { checksBeforeAsking, keylessChecks } from '../../src/verify/jwt.js';
import { isTold } from '../../src/verify/told.js';

const names = new Set([...keylessChecks, ...checksBeforeAsking].map(({ name }) => name));

test.each([...names, 'claims', 'key'])('%s', (name) => expect(isTold(name)).toBe(true));
test('no other', () => expect(isTold('something else')).toBe(false));
