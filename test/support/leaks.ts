// Finds secrets in the output of gateways. The tests say which texts are secret.
import type { Entry, OutputKind, SecretKind } from '../fixtures/ledger.js';

export interface Leak {
  readonly output: OutputKind;
  readonly from: string;
  /** The text around the secret. */
  readonly around: string;
}

export interface Found {
  readonly secrets: number;
  readonly outputs: number;
  readonly gateways: number;
  readonly leaks: readonly Leak[];
}

/** Any part of a token with 2 * PIECE - 1 characters holds one whole piece, so it is found. */
const PIECE = 16;
/** The number of hashed characters. No secret is shorter. */
const WINDOW = 12;
const TABLE = 1 << 22;

function hashOf(text: string, at: number): number {
  let hash = 0;
  for (let i = 0; i < WINDOW; i += 1) hash = (Math.imul(hash, 31) + text.charCodeAt(at + i)) | 0;
  return hash;
}

/** 31 to the power of the window: the share of the letter that leaves it. */
const LEAVING = Array.from({ length: WINDOW }).reduce<number>((power) => Math.imul(power, 31), 1);

/** A made-up signature that repeats one letter looks like any other text of that letter. */
const LETTERS = 6;

/** Kinds of which each piece is a secret. */
const IN_PIECES: ReadonlySet<SecretKind> = new Set(['part', 'presented']);

const piecesOf = (entry: Extract<Entry, { secret: unknown }>): string[] =>
  IN_PIECES.has(entry.secret) && entry.value.length >= PIECE
    ? Array.from({ length: Math.floor(entry.value.length / PIECE) }, (_, at) => entry.value.slice(at * PIECE, (at + 1) * PIECE))
    : [entry.value];

/** A text can be a secret of several kinds. */
type Needles = Map<string, Map<string, Set<SecretKind>>>;

/** The outputs that may have a secret of a kind. No output may have one of the other kinds. */
const MAY_HAVE: Partial<Record<SecretKind, readonly OutputKind[]>> = {
  // A pass-through credential reaches the upstream by its rule. The tests of that rule check that
  // it goes nowhere else.
  passed: ['upstream'],
  presented: ['upstream', 'answer'],
};

const isAllowed = (kinds: ReadonlySet<SecretKind>, output: OutputKind): boolean =>
  [...kinds].every((kind) => MAY_HAVE[kind]?.includes(output) ?? false);

/** The longest texts that can be a token. */
const TOKEN = /[\w.~+/=-]{12,}/g;

/**
 * Every place of `text` where a secret begins. A rolling hash comes first, so that the whole suite
 * costs seconds and not minutes.
 */
function* placesIn(text: string, table: Uint8Array, needles: Needles): Generator<{ at: number; kinds: Set<SecretKind> }> {
  if (text.length < WINDOW) return;
  let hash = hashOf(text, 0);
  for (let at = 0; ; at += 1) {
    if (table[hash & (TABLE - 1)] === 1) {
      for (const [needle, kinds] of needles.get(text.slice(at, at + WINDOW)) ?? []) {
        if (text.startsWith(needle, at)) yield { at, kinds };
      }
    }
    const next = at + WINDOW;
    if (next >= text.length) return;
    hash = (Math.imul(hash, 31) + text.charCodeAt(next) - Math.imul(LEAVING, text.charCodeAt(at))) | 0;
  }
}

export function findLeaks(entries: readonly Entry[]): Found {
  const needles: Needles = new Map();
  const table = new Uint8Array(TABLE);
  const onward = new Set(entries.flatMap((entry) => ('onward' in entry ? [entry.onward] : [])));
  let [secrets, outputs, gateways] = [0, 0, 0];
  for (const entry of entries) {
    if ('gateway' in entry) gateways += 1;
    if (!('secret' in entry)) continue;
    secrets += 1;
    for (const piece of piecesOf(entry).filter((text) => new Set(text).size >= LETTERS)) {
      const start = piece.slice(0, WINDOW);
      table[hashOf(piece, 0) & (TABLE - 1)] = 1;
      const same = needles.get(start) ?? new Map<string, Set<SecretKind>>();
      needles.set(start, same.set(piece, (same.get(piece) ?? new Set()).add(entry.secret)));
    }
  }
  const leaks: Leak[] = [];
  for (const entry of entries) {
    if (!('output' in entry)) continue;
    outputs += 1;
    const text = entry.output === 'upstream' ? entry.text.replaceAll(TOKEN, (one) => (onward.has(one) ? '' : one)) : entry.text;
    for (const { at, kinds } of placesIn(text, table, needles)) {
      if (isAllowed(kinds, entry.output)) continue;
      leaks.push({ output: entry.output, from: entry.from, around: text.slice(Math.max(0, at - 60), at + 40) });
      break;
    }
  }
  return { secrets, outputs, gateways, leaks };
}
