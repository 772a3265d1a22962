// Writes a change of the configuration as YAML to paste, or as the variables that set it.
import { variableOf } from '../config/environment-variables.js';
import type { Path } from '../config/problems.js';
import { changedFields, indexOfEndpoint, type WrittenConfig } from '../config/written-config.js';
import type { ExplanationFix } from '../core/explanation.js';
import { isObject } from '../core/json.js';
import type { Printable } from './printable.js';

export interface FixText {
  readonly words: string;
  /** Where to write it. */
  readonly place?: string;
  /** Lines of YAML, or of variables. */
  readonly write?: readonly string[];
  readonly warning?: string;
}

/** Text that YAML reads as itself without quotes, also between brackets. */
const PLAIN = /^[A-Za-z/][\w./@-]*(:[\w./@-]+)*$/;
const OTHER_VALUE = /^(true|false|null|yes|no|on|off|y|n)$/i;

function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return PLAIN.test(value) && !OTHER_VALUE.test(value) ? value : JSON.stringify(value);
}

function yamlLines(value: unknown, indent: string): string[] {
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const key = `${indent}${scalar(name)}:`;
    if (isObject(inner)) return [key, ...yamlLines(inner, `${indent}  `)];
    if (!Array.isArray(inner)) return [`${key} ${scalar(inner)}`];
    if (!inner.some(isObject)) return [`${key} [${inner.map(scalar).join(', ')}]`];
    const items = inner.flatMap((one) => {
      const [first = '', ...rest] = yamlLines(one, `${indent}    `);
      return [`${indent}  - ${first.trimStart()}`, ...rest];
    });
    return [key, ...items];
  });
}

/** The fields that a change sets, each with its path in the written configuration. */
function leaves(value: unknown, raw: unknown, path: Path = []): [Path, unknown][] {
  if (Array.isArray(value) && value.some(isObject))
    return value.flatMap((one) => {
      const all: unknown[] = Array.isArray(raw) ? raw : [];
      const at = indexOfEndpoint(all, one);
      return leaves(changedFields(one as Record<string, unknown>), all[at], [...path, at]);
    });
  if (!isObject(value)) return [[path, value]];
  return Object.entries(value).flatMap(([name, inner]) =>
    leaves(inner, isObject(raw) ? raw[name] : undefined, [...path, name]),
  );
}

/**
 * Text that a shell reads as itself between double quotes, and that is one entry of a variable. A
 * token may be forged, and an operator pastes the line.
 */
const SHELL_SAFE = /^[\w./:@+~-]+$/;

/** Null: a field has no variable of its own. */
function variables(change: unknown, raw: unknown): readonly string[] | null {
  const lines = leaves(change, raw).map(([path, value]) => {
    const name = variableOf(path);
    const text = name.endsWith('CLIENT_SECRET') ? '...' : [value].flat().join(' ');
    return name.startsWith('PORTCULLIS_') ? `${name}="${text}"` : null;
  });
  return lines.every((line) => line !== null) ? lines : null;
}

const isShellSafe = (change: unknown, raw: unknown): boolean =>
  leaves(change, raw).every(([, value]) =>
    [value].flat().every((one) => SHELL_SAFE.test(String(one))),
  );

export function fixText(
  { words, warning, change }: ExplanationFix,
  { file, raw, lineOf }: WrittenConfig,
  printable: Printable,
  what: 'token' | 'key' = 'token',
): FixText {
  const only = { words: printable.text(words) };
  if (change === null) return only;
  const shown = warning === null ? only : { ...only, warning };
  const whole = yamlLines(change, '');
  const ofFile = whole.map(printable.text);
  // A value that was cut, masked or escaped would not be the one that the token has.
  if (ofFile.some((line, i) => line.includes('[token]') || line !== whole[i])) return only;
  if (file !== null) {
    const lines = leaves(change, raw).map(([path]) => lineOf(path));
    const line = lines.find((one) => one !== undefined);
    const near = line === undefined ? '' : `, near line ${line}`;
    const place = `To accept such a ${what}, write in ${file}${near}`;
    return { ...shown, place, write: ofFile };
  }
  if (!isShellSafe(change, raw)) return only;
  const write = variables(change, raw);
  return write === null
    ? { ...shown, place: 'No variable can do it. In a file for --config, write', write: ofFile }
    : { ...shown, place: `To accept such a ${what}, set`, write };
}
