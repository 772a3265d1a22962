// The published copy of an issuer's metadata: the issuer's bytes, and at most a missing PKCE
// method.
import { expect, test } from 'vitest';
import { mirroredBody } from '../../../src/verify/issuer/metadata-mirror.js';

const document = (json: Record<string, unknown>) => ({ body: Buffer.from(`${JSON.stringify(json)} `), json });
const published = (json: Record<string, unknown>, addS256: boolean) => mirroredBody(document(json), addS256).toString();
const METHODS = 'code_challenge_methods_supported';

test('the copy is the document of the issuer, byte for byte', () => {
  expect(published({ issuer: 'https://a.example', b: 1 }, false)).toBe('{"issuer":"https://a.example","b":1} ');
});

test('the copy gets S256 where it is configured and the issuer omits it; nothing else changes', () => {
  expect(published({ issuer: 'https://a.example', b: 1, a: [2] }, true)).toBe(
    `{"issuer":"https://a.example","b":1,"a":[2],"${METHODS}":["S256"]}`,
  );
});

test.each([[['plain']], [[]], [null]])('the copy is unchanged where the issuer lists %j', (methods) => {
  const json = { issuer: 'https://a.example', [METHODS]: methods };
  expect(published(json, true)).toBe(document(json).body.toString());
});
