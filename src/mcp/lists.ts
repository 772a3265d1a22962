// The lists of MCP. A member of a result has the entries, and a member of each entry has the name
// that rules use.

/** By member of `result` that has the entries: the member of an entry that names it. */
export const ENTRY_NAMES = {
  tools: 'name',
  prompts: 'name',
  resources: 'uri',
  resourceTemplates: 'uriTemplate',
} as const;

export type ListMember = keyof typeof ENTRY_NAMES;

/** The lists in one response, as one caller may see them. */
export interface ListView {
  /**
   * The lists to filter, in every result of the response. Other lists pass unchanged. A batch can
   * have several. A GET stream has all lists with rules, because it may replay earlier responses.
   */
  readonly members: readonly ListMember[];
  /**
   * True if the caller may use this name, or may request the scopes for it. A name that no call can
   * have is never shown.
   */
  mayUse(member: ListMember, name: string): boolean;
}
