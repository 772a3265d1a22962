// The flaws of the vectors are made as their authors made them: over the vector's own payload the making gives the vector itself.
import { createHmac, createPrivateKey, createPublicKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { type GoodToken, withFlaw } from '../support/jws-flaws.js';
import { type Group, groupsOf, named, type Vector } from '../support/vectors.js';

const partsOf = (text: string): [string, string, string] => text.split('.') as [string, string, string];

/** What a group signs with, over the parts of one of its tokens. */
function over(group: Group, text: string): GoodToken {
  const [head, payload, signature] = partsOf(text);
  const [jwk] = group.secret;
  if (jwk?.kty === 'oct') {
    const key = Buffer.from(String(jwk.k), 'base64url');
    const sign = (input: string): string => createHmac('sha256', key).update(input).digest('base64url');
    return { head, payload, signature, sign, publicKey: null, privateKey: null };
  }
  const privateKey = createPrivateKey({ key: jwk ?? {}, format: 'jwk' });
  const sign = (): string => '';
  return { head, payload, signature, sign, publicKey: createPublicKey(privateKey), privateKey };
}

/** Random by nature, made from a signature that the file does not hold, or not what their name says. */
const NOT_ALIKE = [
  /^rejectsSymmetryConfusion/,
  /^rejectsAttackerProvided/,
  /^Using/,
  /ZerosToSignature$|^truncatedSignature$|^SignatureIsnotReduced$/,
  /^invalidBase64Padding/,
  /^ModifiedUnusedBits|^MacOfIncorrectly/,
];

test('C-34, C-40: each flaw of a signature or of the form that has one shape only is that of the vector', () => {
  const invalid = groupsOf('signature').flatMap(({ vectors }) => vectors.filter(({ result }) => result === 'invalid'));
  const alike = invalid.filter(({ comment, group }) => !NOT_ALIKE.some((name) => name.test(comment)) && isCarried(group));
  expect(invalid).toHaveLength(355);
  expect(alike).toHaveLength(331);
  const different = alike.filter((vector) => again(vector) !== vector.text);
  expect(different.map(named)).toEqual([]);
});

/** The flaw of these groups is their key. */
const isCarried = ({ comment }: Group): boolean => !/encryption/.test(comment);

function again(vector: Vector): string | null {
  const [first, second, third] = vector.group.vectors.filter(({ result }) => result === 'valid');
  const good = { rejects0ReplacedbyInvalidCharacter: second, rejectsInvalidCharacters: third }[vector.comment] ?? first;
  const byForm = vector.flags.length === 0 || vector.flags.includes('JsonSerialization');
  // A form is made from the parts of the good token; a padding from those of the vector, whose signature is opened.
  return withFlaw(vector, over(vector.group, (byForm ? good : vector)?.text ?? ''));
}
