// The type of an explanation of a failure, and its text without the marks of Markdown.

/**
 * The lines of each part flow together into one paragraph. A line that begins with "- " begins an
 * item of a list. Text may have the code marks and links of Markdown.
 */
export interface Meaning {
  readonly cause: readonly string[];
  /** The reader can do this. */
  readonly action: readonly string[];
}

/** By reason. */
export type Meanings = Readonly<Record<string, Meaning>>;

const LINK = /\[([^\]]+)\]\([^)]+\)/g;

/** One paragraph. Links become their text; code keeps its backticks. */
export const plainText = (lines: readonly string[]): string =>
  lines.join(' ').replace(LINK, '$1').replaceAll(' - ', ' ');
