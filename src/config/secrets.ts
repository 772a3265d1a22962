// Reads the secret that a reference points to. Never shows a secret: where a name is malformed, the
// message does not repeat it (C-153, no secret shown).
import { readFileSync } from 'node:fs';
import { type Secret, secret } from '../core/secret.js';
import { SECRET_REFERENCE } from './schema/secret-reference.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The functions that get the path of each file that is read for an environment. */
const observers = new WeakMap<Environment, (path: string) => void>();

/** The same variables. `read` gets the path of each file before the gateway reads it for them. */
export function observed(environment: Environment, read: (path: string) => void): Environment {
  const same = { ...environment };
  observers.set(same, read);
  return same;
}

/** Call it before a file of the configuration is read. */
export const noteFile = (environment: Environment, path: string): void =>
  observers.get(environment)?.(path);

const REFERENCE = /\$\{(?:env|file):/;

/** Otherwise the text of the reference would be the secret. */
const followedNowhere = (kind: 'variable' | 'file', name: string): string =>
  `the ${kind} ${name} holds a reference, which the gateway does not follow; write the secret ` +
  `itself into the ${kind}`;

/** Any other text after `env:` may be the secret itself. */
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

function fromVariable(name: string, environment: Environment): Secret | string {
  // `toString` is not a variable.
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
  if (value !== undefined && REFERENCE.test(value)) return followedNowhere('variable', name);
  if (value !== undefined && value !== '') return secret(value);
  if (value === undefined && !VARIABLE_NAME.test(name))
    return 'the text after env: is not the name of a variable; write one, such as MY_SECRET';
  return `the variable ${name} is not set; set it`;
}

function fromFile(path: string, environment: Environment): Secret | string {
  noteFile(environment, path);
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch {
    return `the file ${path} cannot be read; correct the path or its permissions`;
  }
  // The last line end is not a part of the secret.
  const value = content.replace(/\r?\n$/, '');
  if (REFERENCE.test(value)) return followedNowhere('file', path);
  return value === '' ? `the file ${path} is empty; write the secret into it` : secret(value);
}

/** The secret, or the message of a problem. */
export function readSecret(reference: string, environment: Environment): Secret | string {
  const [, source, name] = SECRET_REFERENCE.exec(reference) as unknown as [string, string, string];
  return source === 'env' ? fromVariable(name, environment) : fromFile(name, environment);
}
