// `explain` shows no part of a key or of a token, however the operator copied it.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newKey, startKeysScene } from './explain-keys-scene.js';

const scene = startKeysScene();
beforeAll(async () => {
  await scene.explain('/mcp', newKey());
});
afterAll(() => scene.stop());

const inHalves = (text: string, between: string): string => `${text.slice(0, 22)}${between}${text.slice(22)}`;

const WRITTEN: [title: string, write: (text: string) => string][] = [
  ['alone', (text) => text],
  ['in quotes', (text) => `"${text}"`],
  ['with a space inside', (text) => inHalves(text, ' ')],
  ['with a line feed inside', (text) => inHalves(text, '\n')],
  ['with a colon and a space inside', (text) => inHalves(text, ': ')],
  ['with a comment after it', (text) => `${text} # of partner-a`],
  ['in a header', (text) => `X-Api-Key: ${text}`],
  ['in a header in quotes', (text) => `"X-Api-Key: ${text}"`],
  ['in a header without a space', (text) => `X-Api-Key:${text}`],
  ['in a header, with a space inside', (text) => `X-Api-Key: ${inHalves(text, ' ')}`],
  ['after a scheme', (text) => `Token ${text}`],
  ['after a scheme, with a space inside', (text) => `Token ${inHalves(text, ' ')}`],
  ['in Authorization without a scheme', (text) => `Authorization: ${text}`],
  ['in Authorization, with a space inside', (text) => `Authorization: ${inHalves(text, ' ')}`],
  ['as a bearer token, with a space inside', (text) => `Bearer ${inHalves(text, ' ')}`],
  ['as a variable', (text) => `KEY=${text}`],
  ['in a URL', (text) => `https://mcp.example.com/mcp?api_key=${text}`],
];

/** 14 characters in a row, in any case. */
function shown(output: string, text: string): string | undefined {
  const all = output.toLowerCase();
  const parts = text.startsWith('eyJ') ? text.split('.').slice(1) : [text];
  return parts
    .map((part) => part.toLowerCase())
    .flatMap((part) => Array.from({ length: Math.max(0, part.length - 13) }, (_, at) => part.slice(at, at + 14)))
    .find((piece) => all.includes(piece));
}

describe.each<[string, () => Promise<string> | string]>([
  ['a key of the registry', () => scene.keys.a],
  ['a key with a prefix', () => scene.keys.live],
  ['an unknown key that begins with a letter', () => `k${newKey()}`],
  ['an unknown key of hex digits', () => `c${randomBytes(20).toString('hex')}`],
  ['a token of the bridge', () => scene.token('partner-a', scene.keys.a)],
])('%s', (_title, make) => {
  test.each(WRITTEN)('%s', async (_written, write) => {
    const text = await make();
    for (const path of ['/mcp', '/idp', '/passed'])
      for (const more of [[], ['--json']]) {
        const { output, errors } = await scene.run(['--endpoint', path, ...more], write(text));
        expect(output + errors).not.toBe('');
        expect(shown(output + errors, text)).toBeUndefined();
      }
  });
});
