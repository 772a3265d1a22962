// Finds values that stand for another value: `$ISSUER`, `{{ issuer }}`, `<your issuer>`. The
// gateway would use their text. Never shows a value, and a variable only by a plain name.
import type { Path, Problem } from './problems.js';
import { meantFact } from './schema/header-template.js';
import { isSecretReference } from './schema/secret-reference.js';
import { alternatives, memberSchema, schemaAt } from './schema-tree.js';
import { holdsSecrets, takesReference } from './secret-references.js';

type Schema = Parameters<typeof schemaAt>[0];

/** `$ISSUER`, `${ISSUER}` or `$(ISSUER)` alone, or `${ISSUER}` within a text. */
const VARIABLE = /^\$(?:[A-Za-z_]\w*|\([A-Za-z_]\w*\))$|\$\{[A-Za-z_]\w*\}/;
/** A name that can only be that of a variable. Any other text may be a secret. */
const PLAIN_NAME = /\$[{(]?([A-Z]+(?:_[A-Z0-9]+)*)(?:[)}]|$)/;
const TEMPLATE = /\{\{.*\}\}/s;
const BLANK = /<[a-z]+(?:[ _-][a-z]+)*>/;

/**
 * `either`: a text or a reference to a secret, as the value of a header. `map`: a map with places
 * for secrets.
 */
type Takes = 'text' | 'secret' | 'either' | 'map';

/** Fields for text of any kind, where such a text can be meant. */
const FREE_TEXT = ['rules', 'requiredClaims', 'realm'];

type Message = (takes: Takes) => string | null;

function messageFor(text: string): Message | null {
  if (VARIABLE.test(text)) {
    const name = PLAIN_NAME.exec(text)?.[1];
    const shown = name === undefined ? 'the name of a variable' : `$${name}`;
    return (takes) =>
      takes !== 'text'
        ? `write "\${env:${name ?? 'NAME'}}" for the value of that variable`
        : `variables are not replaced here; write the value itself instead of ${shown}`;
  }
  const hint = TEMPLATE.test(text)
    ? 'a template {{ }} was not replaced; write the value itself'
    : BLANK.test(text)
      ? 'replace the part between < and > with your own value'
      : null;
  return hint === null ? null : (takes) => (takes === 'secret' ? null : hint);
}

function taken(root: Schema, path: Path): Takes {
  const schema = schemaAt(root, path);
  if (schema === null) return 'text';
  const element = memberSchema(schema, 0);
  const takesOne = takesReference(schema);
  if (!takesOne) {
    if (element !== null && takesReference(element)) return 'secret';
    return holdsSecrets(schema) ? 'map' : 'text';
  }
  return alternatives(schema).every(isSecretReference) ? 'secret' : 'either';
}

export function placeholders(root: Schema, raw: unknown): Problem[] {
  const problems: Problem[] = [];
  const find = (value: unknown, path: Path): void => {
    if (FREE_TEXT.includes(String(path.at(-1)))) return;
    if (typeof value === 'string') {
      const message = messageFor(value);
      // A field that does not exist has its own problem.
      if (message === null || schemaAt(root, path) === null) return;
      const takes = taken(root, path);
      // In place of a map: the schema says how to write it, and the value may be a secret.
      if (takes === 'map') return;
      // The template of another gateway: the schema says what to write.
      if (takes === 'either' && meantFact(value) !== null) return;
      const text = message(takes);
      // A secret can be meant there, and the file must not hold it.
      const unless = path.includes('parameters') && text?.includes('write the value itself');
      if (text !== null)
        problems.push({ path, message: unless ? `${text}, unless it is a secret` : text });
    }
    if (typeof value !== 'object' || value === null) return;
    const members = Array.isArray(value) ? value.entries() : Object.entries(value);
    for (const [name, inner] of members) find(inner, [...path, name]);
  };
  find(raw, []);
  return problems;
}
