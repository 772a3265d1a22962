// The flaws are made as the authors of the vectors made them: over the payload of a vector, the
// result is the vector itself.
import { createHmac, createPrivateKey, createPublicKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { type GoodToken, withFlaw } from '../support/jws-flaws.js';
import { type Group, groupsOf, named, type Vector } from '../support/vectors.js';

const partsOf = (text: string): [string, string, string] => text.split('.') as [string, string, string];

/** The parts of one token of a group, with the keys of the group. */
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

/** Random flaws, flaws of a signature that the file lacks, and flaws unlike their name. */
const NOT_ALIKE = [
  /^rejectsSymmetryConfusion/,
  /^rejectsAttackerProvided/,
  /^Using/,
  /ZerosToSignature$|^truncatedSignature$|^SignatureIsnotReduced$/,
  /^invalidBase64Padding/,
  /^ModifiedUnusedBits|^MacOfIncorrectly/,
];

test('C-34, C-40: a flaw of signature or form with only one possible result equals the vector', () => {
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
  // A flaw of form is made from the parts of the valid token. A padding is made from those of the
  // vector, whose signature is decrypted.
  return withFlaw(vector, over(vector.group, (byForm ? good : vector)?.text ?? ''));
}
