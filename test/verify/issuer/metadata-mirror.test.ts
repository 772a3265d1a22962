// The published copy of an issuer's metadata: the issuer's bytes, and at most the missing PKCE method added.
import { expect, test } from 'vitest';
import { mirroredBody } from '../../../src/verify/issuer/metadata-mirror.js';

const document = (json: Record<string, unknown>) => ({ body: Buffer.from(`${JSON.stringify(json)} `), json });
const shown = (json: Record<string, unknown>, addS256: boolean) => mirroredBody(document(json), addS256).toString();
const METHODS = 'code_challenge_methods_supported';

test('is the document of the issuer, byte for byte', () => {
  expect(shown({ issuer: 'https://a.example', b: 1 }, false)).toBe('{"issuer":"https://a.example","b":1} ');
});

test('gets S256 where the operator says so and the issuer omits it; nothing else changes', () => {
  expect(shown({ issuer: 'https://a.example', b: 1, a: [2] }, true)).toBe(
    `{"issuer":"https://a.example","b":1,"a":[2],"${METHODS}":["S256"]}`,
  );
});

test.each([[['plain']], [[]], [null]])('stays as it is where the issuer mentions %j', (methods) => {
  const json = { issuer: 'https://a.example', [METHODS]: methods };
  expect(shown(json, true)).toBe(document(json).body.toString());
});
