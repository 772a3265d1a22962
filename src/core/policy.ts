// The validated rules of an operator for tools, prompts, resources and methods. The authorize room
// applies them.

/** The kinds that rules are about. A rule names a tool or prompt by name, a resource by URI. */
export type Kind = 'tool' | 'prompt' | 'resource';

/** A required claim: its value must be `has`, or a list that contains `has`. */
export interface ClaimRule {
  readonly claim: string;
  readonly has: string | number | boolean;
}

export interface Rule {
  /** `*` matches any characters, also none. Every other character matches itself. */
  readonly pattern: string;
  /** Required scopes beside the base scopes. */
  readonly scopes: readonly string[];
  readonly claim: ClaimRule | null;
  /** True: no caller may use a matching name. */
  readonly deny: boolean;
}

export interface KindPolicy {
  /** The decision for names that no rule matches. */
  readonly default: 'allow' | 'deny';
  /** A caller must satisfy every rule that matches the name. */
  readonly rules: readonly Rule[];
  /**
   * The entries that lists show a caller. `true`: those that this caller may use. `denied-only`:
   * also those that the caller may use after requesting scopes. `false`: all.
   */
  readonly filterLists: boolean | 'denied-only';
}

/** The rules of an endpoint beside its base scopes. Null: the upstream decides for this kind. */
export interface Policy {
  readonly tool: KindPolicy | null;
  readonly prompt: KindPolicy | null;
  readonly resource: KindPolicy | null;
  /**
   * Patterns of methods that pass beside those of the protocol. Others are denied, because
   * extensions add methods (B-107, unknown methods).
   */
  readonly allowedMethods: readonly string[];
  /** False: no response of a client to a request of the server passes. Legacy revisions only. */
  readonly clientResponses: boolean;
}
