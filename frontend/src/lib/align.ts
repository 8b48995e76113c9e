/** Which words of two answers stand in each other's place. */

import { diffArrays } from "diff";

type Pair = readonly [a: number, b: number];

const BOUNDS = { maxEditLength: 1000, timeout: 60 };
const EDGES = /^[\p{P}\s]+|[\p{P}\s]+$/gu;

/**
 * For each word of `a` the index of the word of `b` that stands in its place, or null.
 *
 * Words that both have, in order, are partners (case and punctuation around them do not count);
 * between two of these, runs of the same length are paired one to one. A word that is left over on
 * both sides, and that each says only once, is its own partner wherever it stands. Punctuation is
 * never the partner of a word.
 */
export function align(a: string[], b: string[]): (number | null)[] {
  const partners: (number | null)[] = a.map(() => null);
  const anchors = commonInOrder(a.map(key), b.map(key));
  if (!anchors) {
    // Out of order these have no runs between them, and texts this unlike no places in common.
    for (const [i, j] of byOccurrence(a.map(key), b.map(key))) partners[i] = j;
    return partners;
  }
  let from: Pair = [0, 0];
  for (const [i, j] of [...anchors, [a.length, b.length] as const]) {
    const run = i - from[0] === j - from[1] ? i - from[0] : 0;
    for (let k = 0; k < run; k++) {
      const pair: Pair = [from[0] + k, from[1] + k];
      if (isWord(a[pair[0]]!) === isWord(b[pair[1]]!)) partners[pair[0]] = pair[1];
    }
    if (i < a.length) partners[i] = j;
    from = [i + 1, j + 1];
  }
  pairOnlyOnes(partners, a.map(key), b.map(key));
  return partners;
}

function pairOnlyOnes(partners: (number | null)[], a: string[], b: string[]): void {
  const taken = new Set(partners);
  const [inA, inB] = [places(a), places(b)];
  partners.forEach((partner, i) => {
    const [there, ...more] = inB.get(a[i]!) ?? [];
    const once = inA.get(a[i]!)!.length === 1 && more.length === 0;
    if (partner !== null || !once || there === undefined || taken.has(there)) return;
    if (isWord(a[i]!)) partners[i] = there;
  });
}

/** Where each word stands. */
function places(words: string[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  words.forEach((word, i) => {
    const others = found.get(word);
    if (others) others.push(i);
    else found.set(word, [i]);
  });
  return found;
}

function isWord(text: string): boolean {
  return text.replace(EDGES, "") !== "";
}

function key(text: string): string {
  return text.replace(EDGES, "").toLowerCase() || text.trim();
}

function commonInOrder(a: string[], b: string[]): Pair[] | null {
  const changes = diffArrays(a, b, BOUNDS);
  if (!changes) return null;
  const pairs: Pair[] = [];
  let i = 0;
  let j = 0;
  for (const { added, removed, count } of changes) {
    if (!added && !removed) for (let k = 0; k < count; k++) pairs.push([i + k, j + k]);
    if (!added) i += count;
    if (!removed) j += count;
  }
  return pairs;
}

/** The first of a word with the first of it, the second with the second. */
function byOccurrence(a: string[], b: string[]): Pair[] {
  const inB = places(b);
  const used = new Map<string, number>();
  return a.flatMap((word, i) => {
    const nth = used.get(word) ?? 0;
    used.set(word, nth + 1);
    const j = inB.get(word)?.[nth];
    return j === undefined ? [] : [[i, j] as const];
  });
}
