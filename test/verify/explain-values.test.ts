// Each check of a JWT tells what it reads or wants: a check that is added must not be silent in `explain`.
import { expect, test } from 'vitest';
import { checksBeforeIntrospection, keylessChecks } from '../../src/verify/authenticators/jwt.js';
import { hasValues } from '../../src/verify/explain-values.js';

const names = new Set([...keylessChecks, ...checksBeforeIntrospection].map(({ name }) => name));

test.each([...names, 'claims', 'key'])('%s', (name) => expect(hasValues(name)).toBe(true));
test('no other', () => expect(hasValues('something else')).toBe(false));
