// The language of a header value: a constant, or a text with one fact about the caller in braces.
// Says what to write instead of the templates of other gateways.

import { isHeaderLine, MOST_HEADER_CHARACTERS } from '../../core/header-line.js';
import { isObject } from '../../core/json.js';
import { didYouMean } from '../did-you-mean.js';

const FACTS = ['subject', 'tenant', 'client', 'issuer', 'scopes'] as const;
const NAME = `${FACTS.join('|')}|claim\\.[^{}]*[^{}?]`;
const FACT = new RegExp(`\\{(${NAME})(\\??)\\}`);
/** Without other braces around it, or a dollar sign before it. */
const LONE_FACT = new RegExp(`(?<![{$])\\{(${NAME})\\??\\}(?!\\})`);

const ALL_FACTS = `${FACTS.map((fact) => `{${fact}}`).join(' ')} {claim.NAME}`;

export const VALUE_HINT =
  `write a text such as "{tenant}", with one of ${ALL_FACTS}; ` + '{tenant?} may be absent';

/** The advice about a value that is not a text. YAML reads `{subject}` as a map. */
export function valueHint(value: unknown): string {
  if (!isObject(value)) return VALUE_HINT;
  const [name = '', ...others] = Object.keys(value);
  const text = `{${name}}`;
  // Another text could be a secret.
  const shown = others.length === 0 && FACT.exec(text)?.[0] === text && SHOWN.test(name);
  return `put it in quotes, such as "${shown ? text : '{tenant}'}": YAML reads braces as a map`;
}

/** Names that other gateways and the claims themselves have. */
const OTHER_NAMES: Readonly<Record<string, (typeof FACTS)[number]>> = {
  sub: 'subject',
  user: 'subject',
  userid: 'subject',
  username: 'subject',
  principal: 'subject',
  org: 'tenant',
  organization: 'tenant',
  tid: 'tenant',
  tenantid: 'tenant',
  clientid: 'client',
  azp: 'client',
  iss: 'issuer',
  scope: 'scopes',
  scp: 'scopes',
};

const CLAIM_PREFIX = /^(claims?|token|jwt|principal|user|caller|auth|request\.auth\.claims)\./i;
/** A name that cannot be a secret. */
const SHOWN = /^[\w.:/-]{1,64}\??$/;

/** The advice about the text between braces; null: the text may be a secret. */
function adviceFor(text: string): string | null {
  const name = text.trim().replace(/\?+$/, '').trim();
  if (/^(claims?\.?)?$/i.test(name)) return 'write {claim.NAME} with the name of a claim';
  if (!SHOWN.test(name)) return null;
  const mark = /\?\s*$/.test(text) ? '?' : '';
  const letters = name.toLowerCase().replace(/[^a-z]/g, '');
  const known = Object.hasOwn(OTHER_NAMES, letters)
    ? OTHER_NAMES[letters]
    : didYouMean(name, FACTS);
  if (known !== undefined) return `write {${known}${mark}}`;
  const claim = name.replace(CLAIM_PREFIX, '');
  if (claim === '') return null;
  const written = `{claim.${claim}${mark}}`;
  if (claim !== name) return `write ${written}`;
  const inner = name.includes('.') ? '. A claim inside another cannot be read' : '';
  return (
    `this fact is unknown; write one of ${ALL_FACTS}, which is ${written} for a claim of this ` +
    `name${inner}`
  );
}

/** `${subject}`, `{{ subject }}`, `{email}`, `$subject`: braces that the gateway does not read. */
const BRACES = /\$?\{\{?([^{}]*)\}?\}|^\$([a-z]\w*)$/;

/** The advice about a text that is a template elsewhere; null: there is none. */
export function meantFact(value: string): string | null {
  const rest = value.replace(LONE_FACT, '');
  const found = BRACES.exec(rest);
  // A variable in capitals is for a secret, and has its own problem.
  if (found === null || /^\$\{(env:|file:|[A-Z0-9_]+\})/.test(found[0])) return null;
  return adviceFor(found[1] ?? found[2] ?? '');
}

/** The problem of a value that is not a reference to a secret; null: none. */
export function templateProblem(value: string): string | null {
  if (/\$\{(env|file):/.test(value))
    return 'write the reference alone, and put the text beside it into the secret itself';
  if (!isHeaderLine(value))
    return (
      'write one line of visible ASCII, without spaces around it or two in a row, of at most ' +
      `${MOST_HEADER_CHARACTERS} characters`
    );
  const [before = '', ...rest] = value.split(FACT);
  const after = rest.slice(2).join('');
  // A value could contain the text between two facts, and so move the border between them.
  if (FACT.test(value.replace(FACT, '')))
    return 'write one fact in each header: a value could contain the text between two facts';
  if (!/[{}]/.test(before + after) && !/\$$/.test(before)) return meantFact(value);
  return meantFact(value) ?? VALUE_HINT;
}

/** The text before the fact, the fact, `?` or nothing, the text after it; null for a constant. */
export const partsOf = (value: string): readonly [string, string, string, string] | null => {
  const found = FACT.exec(value);
  if (found === null) return null;
  const [all, fact, mark] = found as unknown as [string, string, string];
  return [value.slice(0, found.index), fact, mark, value.slice(found.index + all.length)];
};
