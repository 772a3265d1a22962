// Each check of a JWT has values for `explain`. A new check without values fails here.
import { expect, test } from 'vitest';
import { checksBeforeIntrospection, keylessChecks } from '../../src/verify/authenticators/jwt.js';
import { hasValues } from '../../src/verify/explain-values.js';

const names = new Set([...keylessChecks, ...checksBeforeIntrospection].map(({ name }) => name));

test.each([...names, 'claims', 'key'])('%s has values', (name) => expect(hasValues(name)).toBe(true));
test('an unknown check has none', () => expect(hasValues('something else')).toBe(false));
