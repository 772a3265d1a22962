// Decides how an operator's rules for tools, prompts and resources look once they are known to be good. Never decides what follows from them.

/** What the rules of MCP name: a tool and a prompt by their name, a resource by its URI. */
export type Kind = 'tool' | 'prompt' | 'resource';

/** One claim of the token, and the value that it is or, where it is a list, holds. */
export interface ClaimRule {
  readonly claim: string;
  readonly has: string | number | boolean;
}

export interface Rule {
  /** `*` stands for any run of characters, everything else for itself. */
  readonly pattern: string;
  readonly scopes: readonly string[];
  readonly claim: ClaimRule | null;
  readonly deny: boolean;
}

export interface KindPolicy {
  /** What holds for those that no rule names. */
  readonly default: 'allow' | 'deny';
  /** All that match a name must be satisfied. */
  readonly rules: readonly Rule[];
  /** True: lists show a caller what that caller may use. */
  readonly filterLists: boolean;
}

/** What callers of an endpoint may do beyond holding its base scopes. A kind without a policy is left to the upstream. */
export interface Policy {
  readonly tool: KindPolicy | null;
  readonly prompt: KindPolicy | null;
  readonly resource: KindPolicy | null;
  /** Methods that pass beside those of the protocol; patterns. The set of methods is open (B-107). */
  readonly allowedMethods: readonly string[];
  /** Whether answers of a client to requests of the server pass (legacy revisions). */
  readonly clientResponses: boolean;
}
