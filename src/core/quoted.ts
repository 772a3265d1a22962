// Writes names into messages. An unverified token may name anything, so a detail quotes little.

/** `characters`: the part of the name that is shown. */
export const quoted = (name: string, characters: number): string =>
  JSON.stringify(name.slice(0, characters));

/** Such as `basic, post or bearer`. */
export const listed = (names: readonly string[], last: 'and' | 'or'): string =>
  names.length < 2
    ? names.join()
    : `${names.slice(0, -1).join(', ')} ${last} ${names.at(-1) as string}`;
