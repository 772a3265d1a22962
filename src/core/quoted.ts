// Quotes a name for the log. An unverified token may name anything, so the detail quotes little.

/** `characters`: the part of the name that is shown. */
export const quoted = (name: string, characters: number): string =>
  JSON.stringify(name.slice(0, characters));
