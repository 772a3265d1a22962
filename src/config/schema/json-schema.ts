// Writes the schema of the configuration as JSON Schema, for editors. It accepts every
// configuration that the gateway accepts. The gateway also checks rules across fields.
import { z } from 'zod';
import { rootSchema } from './root.js';

type Json = Record<string, unknown>;

const ID = 'https://github.com/portcullis-mcp/portcullis/config.schema.json';

const HAS_ISSUERS = { properties: { issuers: {} }, required: ['issuers'] };

/** Endpoints whose callers need no issuer. */
const ONLY_KEYS = {
  properties: {
    endpoints: {
      type: 'array',
      items: {
        type: 'object',
        properties: { apiKeys: {} },
        required: ['apiKeys'],
        not: HAS_ISSUERS,
      },
    },
  },
};

/** The loader fills these in before it applies the schema. */
function asTheLoader(root: Json): Json {
  const { apiKeys } = root.properties as Record<string, Json>;
  const { description, ...map } = apiKeys as Json;
  return {
    ...root,
    properties: {
      ...(root.properties as Json),
      // An operator who removes the last key leaves the name of the map.
      apiKeys: { description, anyOf: [map, { type: 'null' }] },
    },
    required: (root.required as string[]).filter((name) => name !== 'issuers'),
    anyOf: [HAS_ISSUERS, ONLY_KEYS],
  };
}

/** Some defaults mean that the field is absent, as an empty list that a file must not have. */
function withoutOddDefaults(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutOddDefaults);
  if (typeof value !== 'object' || value === null) return value;
  const { minItems, default: byDefault } = value as Json;
  const isOdd = Array.isArray(byDefault) && byDefault.length < Number(minItems ?? 0);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !(isOdd && name === 'default'))
      .map(([name, inner]) => [name, withoutOddDefaults(inner)]),
  );
}

/** JSON Schema, draft 2020-12. `marked`: with the marks `secret` and `unit`, for the docs. */
export function jsonSchema({ marked = false } = {}): Json {
  const root = z.toJSONSchema(rootSchema, {
    target: 'draft-2020-12',
    io: 'input',
    override({ jsonSchema: one }) {
      if (marked) return;
      // The mark of src/config/resolve-secrets.ts.
      delete one.secret;
      delete one.unit;
    },
  }) as Json;
  const { $schema, ...rest } = root;
  return {
    $schema,
    $id: ID,
    title: 'Portcullis',
    description: 'The configuration of the Portcullis gateway.',
    ...asTheLoader(withoutOddDefaults(rest) as Json),
  };
}
