// The schema of an endpoint's policy: rules for tools, prompts and resources, allowed methods,
// scopes that imply others, and the form of a denial.
import { z } from 'zod';
import { mapOf, scopes, scopeToken, trueOrFalse } from './fields.js';

const PATTERN_HINT = 'write a name or a pattern, such as write_*; * matches any characters';
const pattern = z
  .string({ error: PATTERN_HINT })
  .min(1, { error: PATTERN_HINT })
  .describe('A name, or a pattern: * matches any characters.');

export const CLAIM_HINT =
  'write the name of a claim, such as roles; has is the value that it must equal or contain';
export const HAS_HINT = 'write the value that the claim must equal or contain, such as admin';

const conditions = {
  scopes: scopes.describe('Scopes that the call needs beside the base scopes.'),
  claim: z
    .string({ error: CLAIM_HINT })
    .min(1, { error: CLAIM_HINT })
    .optional()
    .describe('The name of a claim, taken literally. Only together with `has`.'),
  has: z
    .union([z.string(), z.number(), z.boolean()], { error: HAS_HINT })
    .optional()
    .describe('The value of the claim, or one value in its list.'),
  deny: trueOrFalse(false).describe('True: no caller may use it.'),
};

const DEFAULT_HINT = 'write allow or deny: the decision for names that no rule matches';

/** `rule`: the schema of one rule. Each kind has its own name for the pattern. */
const kind = <T extends z.ZodType>(rule: T, example: string) =>
  mapOf(`{ default: deny, rules: [${example}] }`, {
    default: z
      .enum(['allow', 'deny'], { error: DEFAULT_HINT })
      .describe('The decision for names that no rule matches.'),
    rules: z
      .array(rule, { error: `write a list of rules, such as [${example}]` })
      .default([])
      .describe('A caller must satisfy every rule that matches.'),
    filterLists: z
      .literal([true, false, 'denied-only'], { error: 'write denied-only, true or false' })
      .default('denied-only')
      .describe(
        'True: lists show a caller only the names that this caller may use. `denied-only`: also ' +
          'those that scopes of `scopesSupported` would open, because a client requests no scopes ' +
          'for a tool that it does not know. False: all names.',
      ),
  });

const TOOL_RULE = '{ tool: "write_*", scopes: [files:read] }';
export const toolRuleSchema = mapOf(TOOL_RULE, { tool: pattern, ...conditions });
const PROMPT_RULE = '{ prompt: "summarize", scopes: [files:read] }';
export const promptRuleSchema = mapOf(PROMPT_RULE, { prompt: pattern, ...conditions });
const RESOURCE_RULE = '{ resource: "file:///docs/*", scopes: [files:read] }';
export const resourceRuleSchema = mapOf(RESOURCE_RULE, { resource: pattern, ...conditions });

export const toolsSchema = kind(toolRuleSchema, TOOL_RULE);
export const promptsSchema = kind(promptRuleSchema, PROMPT_RULE);
export const resourcesSchema = kind(resourceRuleSchema, RESOURCE_RULE);

const METHOD_HINT = 'write a method, or a pattern such as skills/*';

/** Methods that pass beside those of the protocol, where rules exist (B-107, unknown methods). */
export const methodsSchema = mapOf('{ allow: [skills/*] }', {
  allow: z
    .array(z.string({ error: METHOD_HINT }).min(1, { error: METHOD_HINT }), {
      error: 'write a list of methods, such as [skills/*]',
    })
    .default([])
    .describe('Methods that pass beside those of the protocol. * matches any characters.'),
  clientResponses: z
    .enum(['allow', 'deny'], { error: 'write allow or deny' })
    .default('allow')
    .describe(
      'Responses of a client to requests of the server (ping, roots, sampling, elicitation; ' +
        'legacy revisions). Without them the server gives the client up.',
    ),
});

/** For a scope the scopes that it implies (A-32, implied scopes). */
export const scopeImpliesSchema = z.record(
  scopeToken,
  z.array(scopeToken, { error: 'write a list of scopes, such as [files:read]' }),
  {
    error:
      'write a map from a scope to the scopes that it implies, such as ' +
      '"files:*": [files:read, files:write]',
  },
);

/** The scopes that a 401 names: the base scopes, with those of the rules too, or none. */
export const challengeScopesSchema = z
  .enum(['base', 'all', 'none'], {
    error:
      'write base (the scopes of every call), all (those of the rules too) or none (clients ' +
      'request scopesSupported)',
  })
  .default('base');

/** The form of the response to a call that the policy denies. */
export const denialResponseSchema = z
  .literal([403, '403', 'jsonrpc'], { error: 'write 403 or jsonrpc' })
  .default(403);
