// Reads the Wycheproof vectors of test/vectors.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Jwk } from '../fixtures/mint.js';

export interface Vector {
  readonly file: VectorFile;
  readonly tcId: number;
  readonly comment: string;
  readonly result: 'valid' | 'invalid';
  readonly flags: readonly string[];
  /** The token as the file has it; JSON text for one in JSON serialisation. */
  readonly text: string;
  readonly encrypted: boolean;
  readonly group: Group;
}

export interface Group {
  readonly file: VectorFile;
  readonly comment: string;
  /** The keys that the issuer of this group would publish: its public or its symmetric ones. */
  readonly published: readonly Jwk[];
  readonly secret: readonly Jwk[];
  readonly vectors: readonly Vector[];
}

export type VectorFile = 'signature' | 'key' | 'crypto';

type Keys = Jwk & { keys?: Jwk[] };
type Written = {
  comment: string;
  public?: Keys;
  private: Keys;
  tests: (Omit<Vector, 'text' | 'file' | 'group' | 'encrypted'> & { jws?: unknown; jwe?: unknown })[];
};

const listOf = (keys: Keys): Jwk[] => keys.keys ?? [keys];
const textOf = (token: unknown): string => (typeof token === 'string' ? token : JSON.stringify(token));

export function groupsOf(file: VectorFile): Group[] {
  const url = new URL(`../vectors/json_web_${file}_test.json`, import.meta.url);
  const { testGroups } = JSON.parse(readFileSync(fileURLToPath(url), 'utf8')) as { testGroups: Written[] };
  return testGroups.map((written) => {
    const vectors: Vector[] = [];
    const { comment, private: secret } = written;
    const group: Group = { file, comment, published: listOf(written.public ?? secret), secret: listOf(secret), vectors };
    for (const { jws, jwe, ...rest } of written.tests) {
      vectors.push({ ...rest, file, group, text: textOf(jws ?? jwe), encrypted: jwe !== undefined });
    }
    return group;
  });
}

export const named = ({ file, tcId, comment }: Vector): string => `${file} ${tcId} ${comment}`;
