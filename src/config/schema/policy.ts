// Decides the fields of an endpoint's policy: rules for tools, prompts and resources, methods, scopes that stand for others.
import { z } from 'zod';
import { mapOf, scopes, scopeToken } from './fields.js';

const trueOrFalse = (standing: boolean) =>
  z.boolean({ error: 'write true or false' }).default(standing);

const PATTERN_HINT = 'write a name, or a pattern with * for any run of characters, such as write_*';
const pattern = z.string({ error: PATTERN_HINT }).min(1, { error: PATTERN_HINT });

export const CLAIM_HINT =
  'write the name of a claim, such as roles, and in has the value that it must be or hold';
export const HAS_HINT = 'write the value that the claim must be or hold, such as admin';

const conditions = {
  /** Needed beside the base scopes. */
  scopes,
  /** A claim of the token, letter for letter; only with `has`. */
  claim: z.string({ error: CLAIM_HINT }).min(1, { error: CLAIM_HINT }).optional(),
  /** The value that the claim is or, where it is a list, holds. */
  has: z.union([z.string(), z.number(), z.boolean()], { error: HAS_HINT }).optional(),
  /** True: nobody may use it. */
  deny: trueOrFalse(false),
};

const UNLISTED_HINT = 'write allow or deny: what holds for those that no rule names';

/** `rule`: the fields of one rule; each kind calls its pattern by its own name. */
const kind = <T extends z.ZodType>(rule: T, example: string) =>
  mapOf(`{ default: deny, rules: [${example}] }`, {
    /** What holds for those that no rule names. */
    default: z.enum(['allow', 'deny'], { error: UNLISTED_HINT }),
    /** All that match must be satisfied. */
    rules: z.array(rule, { error: `write a list of rules, such as [${example}]` }).default([]),
    /** True: lists show a caller what that caller may use. */
    filterLists: trueOrFalse(true),
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

/** What passes beside the methods of the protocol, where there are rules (B-107). */
export const methodsSchema = mapOf('{ allow: [skills/*] }', {
  also: z
    .array(z.string({ error: METHOD_HINT }).min(1, { error: METHOD_HINT }), {
      error: 'write a list of methods, such as [skills/*]',
    })
    .default([]),
  /** Answers of a client to requests of the server (elicitation, sampling; legacy revisions). */
  clientResponses: z.enum(['allow', 'deny'], { error: 'write allow or deny' }).default('deny'),
});

/** By a scope that stands for others: those. */
export const scopeImpliesSchema = z.record(
  scopeToken,
  z.array(scopeToken, { error: 'write a list of scopes, such as [files:read]' }),
  {
    error:
      'write a map from a scope to those that it stands for, such as "files:*": [files:read, files:write]',
  },
);

/** How a refusal by policy is told. */
export const denialResponseSchema = z
  .literal([403, '403', 'jsonrpc'], { error: 'write 403 or jsonrpc' })
  .default(403);
