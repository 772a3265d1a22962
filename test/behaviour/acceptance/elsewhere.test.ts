// The acceptance tests of the client study that other files prove, by their numbers there.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const folder = fileURLToPath(new URL('../../', import.meta.url));

/** Number, subject, file, and a title (or its beginning) in that file. */
const elsewhere: readonly (readonly [number: number, about: string, file: string, title: string])[] = [
  [6, 'two issuers, one kid', 'behaviour/several-issuers.test.ts', 'C-73, A-45: one endpoint, three issuers, one kid'],
  [7, 'rotation', 'behaviour/idp-outage.test.ts', 'C-65, C-72: the provider rotates its key'],
  [7, 'key sets in every kind of trouble', 'behaviour/keys-unavailable.test.ts', 'cold: C-66, C-48, C-145, F-04'],
  [7, 'odd keys among valid ones', 'verify/issuer/jwk-set.test.ts', "use: 'enc'"],
  [
    8,
    'no keys at the start, and back without a restart',
    'behaviour/keys-unavailable.test.ts',
    'C-66: each gets 200 again without a restart',
  ],
  [9, 'a thousand unknown kids', 'behaviour/kid-floods.slow.test.ts', 'C-65: a thousand random kids in ten seconds'],
  [
    10,
    'active, inactive, and responses that are not JSON',
    'behaviour/introspection.test.ts',
    'C-82, C-83: a response without information gives 503',
  ],
  [10, 'the gateway is rejected', 'behaviour/introspection.test.ts', 'C-83: the endpoint rejects the gateway itself'],
  [
    10,
    'a cached token after its exp',
    'behaviour/introspection.test.ts',
    'C-85: a response is not cached beyond the exp of its token',
  ],
  [
    10,
    'many calls at once, one introspection',
    'behaviour/ways-in.test.ts',
    'C-86, C-91: the same opaque token at once and again',
  ],
  [
    12,
    'a denial by a rule, as a JSON-RPC error with status 200',
    'behaviour/policy.test.ts',
    'denialResponse: jsonrpc answers such calls with a JSON-RPC error',
  ],
  [14, 'header snapshot', 'behaviour/headers.test.ts', 'fields to the upstream'],
  [15, 'compressed answers', 'behaviour/headers.test.ts', 'C-137: a compressed answer keeps its coding'],
  [
    15,
    'comments while a stream is quiet',
    'behaviour/keep-alive.slow.test.ts',
    'B-72: while the upstream is quiet, comments go out',
  ],
  [15, 'quiet streams stay open', 'behaviour/streams.test.ts', 'B-72: streams of every kind stay open'],
  [15, 'a client that disconnects', 'behaviour/client-abort.test.ts', 'B-73: the upstream sees the disconnect at once'],
  [
    17,
    'mixed endpoint, challenge',
    'behaviour/challenge.test.ts',
    'C-108: a mixed endpoint never offers its pass-through scheme',
  ],
];

describe('proven elsewhere', () => {
  test.each(elsewhere)('%i: %s, in %s', (_number, _about, file, title) => {
    expect(readFileSync(`${folder}${file}`, 'utf8')).toContain(title);
  });
});

test('every number from 1 to 20 has its tests, here or elsewhere', () => {
  const here = readdirSync(`${folder}behaviour/acceptance`)
    .filter((name) => !name.startsWith('elsewhere'))
    .flatMap((name) => [...readFileSync(`${folder}behaviour/acceptance/${name}`, 'utf8').matchAll(/^describe.*?\('(\d+): /gm)]);
  const numbers = new Set([...here.map(([, number]) => Number(number)), ...elsewhere.map(([number]) => number)]);
  expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
});
