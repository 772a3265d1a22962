// Decides how a secret is had from where its reference points. Never decides what the secret is for.
import { readFileSync } from 'node:fs';
import { type Secret, secret } from '../core/secret.js';
import type { Path, Problem } from './problems.js';
import { SECRET_REFERENCE } from './schema/fields.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What is no name of a variable may be the secret itself, put where its name belongs (C-153). */
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A trailing line end of a file is no part of the secret. Null, and a problem more, where there is none. */
export function resolveSecret(
  reference: string,
  path: Path,
  environment: Environment,
  problems: Problem[],
): Secret | null {
  const [, kind, name] = SECRET_REFERENCE.exec(reference) as unknown as [string, string, string];
  let value: string | undefined;
  if (kind === 'env') {
    value = environment[name];
    if (value === undefined && !VARIABLE.test(name)) {
      problems.push({
        path,
        message: 'what stands behind env: is no name of a variable; write one, such as MY_SECRET',
      });
      return null;
    }
  } else {
    try {
      value = readFileSync(name, 'utf8').replace(/\r?\n$/, '');
    } catch {
      problems.push({
        path,
        message: `the file ${name} cannot be read; mend the path or its permissions`,
      });
      return null;
    }
  }
  if (value !== undefined && value !== '') return secret(value);
  problems.push({
    path,
    message:
      kind === 'env' ? `the variable ${name} is not set; set it` : `the file ${name} is empty`,
  });
  return null;
}
