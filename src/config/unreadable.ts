// Says why a file cannot be read, and what to do.

/** Where the operator wrote the path: the words for it, and for another path in its place. */
const OF_CONFIG = { path: 'the path given to --config', give: 'give --config' };
const OF_VARIABLE = { path: 'the path in PORTCULLIS_CONFIG', give: 'write into PORTCULLIS_CONFIG' };
const OF_OPTION = { path: 'the path in the option file', give: 'write into the option file' };
const OF_FIELD = { path: 'the path', give: 'write the path of' };

/** By code of the error. */
const UNREADABLE: Readonly<Record<string, (words: typeof OF_CONFIG) => string>> = {
  ENOENT: ({ path }) => `does not exist; correct ${path}`,
  ENOTDIR: ({ path }) => `has a file where its path needs a folder; correct ${path}`,
  EISDIR: ({ give }) => `is a folder; ${give} the file in it`,
  EACCES: () => 'may not be read by this user; change the permissions of the file and its folders',
  EPERM: () => 'may not be read by this user; change the permissions of the file and its folders',
  ELOOP: () => 'is a link that leads to itself; correct the link',
  ENAMETOOLONG: ({ path }) => `is longer than a path can be; correct ${path}`,
};

const WORDS = {
  '--config': OF_CONFIG,
  PORTCULLIS_CONFIG: OF_VARIABLE,
  'createGateway({ file })': OF_OPTION,
  field: OF_FIELD,
};

/** `from`: the option, the variable or the field that has the path. */
export function unreadableText(
  path: string,
  code = 'no code',
  from: keyof typeof WORDS = '--config',
): string {
  const words = WORDS[from];
  const known = UNREADABLE[code]?.(words);
  const other = `cannot be read (${code}); ${words.give} a file that this user can read`;
  return `${path} ${known ?? other}`;
}
