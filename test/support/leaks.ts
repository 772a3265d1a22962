// Finds secrets in the output of gateways. The tests say which texts are secret.
import type { Entry, OutputKind } from '../fixtures/ledger.js';

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

const piecesOf = (entry: Extract<Entry, { secret: unknown }>): string[] =>
  entry.secret === 'part' && entry.value.length >= PIECE
    ? Array.from({ length: Math.floor(entry.value.length / PIECE) }, (_, at) => entry.value.slice(at * PIECE, (at + 1) * PIECE))
    : [entry.value];

type Needles = Map<string, Map<string, boolean>>;

/**
 * Every place of `text` where a secret begins. A rolling hash comes first, so that the whole suite
 * costs seconds and not minutes.
 */
function* placesIn(text: string, table: Uint8Array, needles: Needles): Generator<{ at: number; passed: boolean }> {
  if (text.length < WINDOW) return;
  let hash = hashOf(text, 0);
  for (let at = 0; ; at += 1) {
    if (table[hash & (TABLE - 1)] === 1) {
      for (const [needle, passed] of needles.get(text.slice(at, at + WINDOW)) ?? []) {
        if (text.startsWith(needle, at)) yield { at, passed };
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
  let [secrets, outputs, gateways] = [0, 0, 0];
  for (const entry of entries) {
    if ('gateway' in entry) gateways += 1;
    if (!('secret' in entry)) continue;
    secrets += 1;
    for (const piece of piecesOf(entry).filter((text) => new Set(text).size >= LETTERS)) {
      const start = piece.slice(0, WINDOW);
      table[hashOf(piece, 0) & (TABLE - 1)] = 1;
      const same = needles.get(start) ?? new Map<string, boolean>();
      needles.set(start, same.set(piece, entry.secret === 'passed' && same.get(piece) !== false));
    }
  }
  const leaks: Leak[] = [];
  for (const entry of entries) {
    if (!('output' in entry)) continue;
    outputs += 1;
    for (const { at, passed } of placesIn(entry.text, table, needles)) {
      // A pass-through credential reaches the upstream by its rule. The tests of that rule check
      // that it goes nowhere else.
      if (passed && entry.output === 'upstream') continue;
      leaks.push({ output: entry.output, from: entry.from, around: entry.text.slice(Math.max(0, at - 60), at + 40) });
      break;
    }
  }
  return { secrets, outputs, gateways, leaks };
}
