// The rules of plain English that a machine can check. Each yields what it found in one passage.
import { CODE } from './passage.mjs';
import { phrases } from './phrases.mjs';

export const COLUMNS = 100;
export const WORDS = 25;

const LINK_TARGET = /\]\([^)\s]*\)|<?https?:\/\/[^\s)>|'"`]+>?/g;
/** Ids of requirements and sections of RFCs: readers skip them, so they do not count. */
const REFERENCE = /\((?:[^()]*\b)?(?:[A-F]-\d{2,3}|RFC \d+|section \d)[^()]*\)/g;
const WORD = /[\p{L}\p{N}]/u;
/** Names in code that follow each other are one thing to read. */
const CODE_LIST = new RegExp(`${CODE}(?:(?:,| and| or|, and|, or|) ${CODE}\\b)+`, 'g');
/** The end of a sentence, not of an abbreviation, and what closes after it. */
const SENTENCE_END = /(?<!\b(?:e\.g|i\.e|cf|vs|etc|approx))[.!?]+["')\]]*\s+/gi;
const ID = String.raw`[A-F]-\d{2,3}`;
const BARE_IDS = new RegExp(String.raw`\(${ID}(?:(?:,| and|;) ${ID})*\)`, 'g');
const CITED = /"(?:[^"\s]+ ?){1,5}"/g;
const COLUMN = /^(?:heading|column|title)$/;

/** Columns of a line that its writer can shorten: a URL cannot be wrapped. */
export const width = (line) => [...line.replace(LINK_TARGET, ']')].length;

export function sentencesOf(text) {
  const found = [];
  let from = 0;
  for (const { 0: end, index } of [...text.matchAll(SENTENCE_END), { 0: '', index: text.length }]) {
    const sentence = text.slice(from, index + end.length);
    const offset = from + sentence.length - sentence.trimStart().length;
    if (/\S/.test(sentence)) found.push({ text: sentence.trim(), offset });
    from = index + end.length;
  }
  return found;
}

export const countWords = (sentence) =>
  sentence
    .replace(REFERENCE, ' ')
    .replace(CODE_LIST, CODE)
    .split(/\s+/)
    .filter((word) => WORD.test(word)).length;

const opening = (text) => `${text.split(' ').slice(0, 4).join(' ')} ...`;

function* longSentences({ kind, text }) {
  if (kind === 'title') return;
  for (const { text: sentence, offset } of sentencesOf(text)) {
    const words = countWords(sentence);
    if (words > WORDS)
      yield {
        offset,
        found: opening(sentence),
        instead: `a sentence of ${words} words; write at most ${WORDS}, one idea each`,
      };
  }
}

function* bannedPhrases({ text }) {
  // A phrase in quotes is named, not used.
  const used = text.replace(CITED, (cited) => '"'.repeat(cited.length));
  for (const { pattern, instead } of phrases)
    for (const { 0: found, index } of used.matchAll(new RegExp(pattern, 'gi')))
      yield { offset: index, found, instead };
}

function* startsOfSentences({ kind, text }) {
  if (COLUMN.test(kind)) return;
  const indent = text.search(/\S/);
  for (const { text: sentence, offset } of sentencesOf(text)) {
    // A message that begins with a space is the rest of another one.
    if (kind === 'message' && indent > 0 && offset === indent) continue;
    const isWhat = /^what\b/i.test(sentence) && !sentence.endsWith('?');
    const isOf = /^of\b(?! course)/i.test(sentence);
    if (isWhat || isOf)
      yield {
        offset,
        found: opening(sentence),
        instead: 'begin with the subject, not with "What" or "Of"',
      };
  }
}

function* bareIds({ kind, text }) {
  if (kind === 'title' || kind === 'message') return;
  for (const { 0: found, index } of text.matchAll(BARE_IDS))
    yield {
      offset: index,
      found,
      instead: 'write about three words beside it, such as "(C-66, rotated keys)"',
    };
}

/** By name; each takes a passage. */
export const passageRules = {
  sentence: longSentences,
  phrase: bannedPhrases,
  start: startsOfSentences,
  id: bareIds,
};

/** The first line says what the file does, in a plain sentence. */
export function* openingOf(text) {
  const lines = text.split('\n');
  const first = lines[0]?.startsWith('#!') ? 1 : 0;
  const line = lines[first] ?? '';
  if (!/^\/[/*]/.test(line))
    yield { line: first + 1, found: line.slice(0, 40), instead: 'begin with what the file does' };
  const old = /^\/[/*]+ *(Decides|Never)\b/.exec(line);
  if (old !== null)
    yield {
      line: first + 1,
      found: old[1],
      instead:
        'begin with a plain verb or noun: "Checks that ...", "Reads ...", "The table of ..."',
    };
}
