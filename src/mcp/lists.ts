// Decides what a list of MCP is: which member of a result holds its entries, and which member of an entry the rules know it by. Never
// decides who may use what.

/** The member of an entry by the member of `result` that holds the entries. */
export const ENTRY_NAMES = {
  tools: 'name',
  prompts: 'name',
  resources: 'uri',
  resourceTemplates: 'uriTemplate',
} as const;

export type ListMember = keyof typeof ENTRY_NAMES;

/** What one caller gets to see of the lists in one answer. */
export interface ListView {
  /**
   * The lists to filter, in whichever result of the answer they stand; others pass as they are. More than one for a batch; for a GET stream,
   * which may replay any answer of before, all that have rules.
   */
  readonly members: readonly ListMember[];
  /** Whether the caller may use it. Names that no call can carry are not asked about: they are never shown. */
  mayUse(member: ListMember, name: string): boolean;
}
