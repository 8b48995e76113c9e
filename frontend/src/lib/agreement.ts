/** Agreement: how alike two maps rank their tokens, and how alike two choices of tokens are. */

import { overlaps } from "./resample";

export interface Kept {
  rows: number;
  cols: number;
  /** 1 for a token that is kept, row by row. */
  kept: Uint8Array;
}

/**
 * Spearman's rank correlation of two maps of one grid, over the `n` places where both have a value.
 *
 * Pearson's correlation of the ranks, ties sharing their mean rank. Null for fewer than three
 * places, or when one side is constant there.
 */
export function spearman(a: Float32Array, b: Float32Array): { rho: number; n: number } | null {
  const [one, other] =
    a.some(Number.isNaN) || b.some(Number.isNaN) ? rankBoth(a, b) : [ranksOnce(a), ranksOnce(b)];
  const n = one.length;
  if (n < 3) return null;
  const middle = (n + 1) / 2;
  let [shared, ofOne, ofOther] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [x, y] = [one[i]! - middle, other[i]! - middle];
    shared += x * y;
    ofOne += x * x;
    ofOther += y * y;
  }
  if (ofOne === 0 || ofOther === 0) return null;
  return { rho: shared / Math.sqrt(ofOne * ofOther), n };
}

function rankBoth(a: Float32Array, b: Float32Array): [Float64Array, Float64Array] {
  const both = (_: number, i: number) => !Number.isNaN(a[i]!) && !Number.isNaN(b[i]!);
  return [ranks(a.filter(both)), ranks(b.filter(both))];
}

/** The ranks of a whole map, made once: a reference is compared with many. */
const known = new WeakMap<Float32Array, Float64Array>();

function ranksOnce(values: Float32Array): Float64Array {
  const found = known.get(values) ?? ranks(values);
  known.set(values, found);
  return found;
}

function ranks(values: Float32Array): Float64Array {
  const order = Array.from(values.keys()).sort((i, j) => values[i]! - values[j]!);
  const result = new Float64Array(values.length);
  for (let from = 0, to = 0; from < order.length; from = to) {
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (const i of order.slice(from, to)) result[i] = (from + 1 + to) / 2;
  }
  return result;
}

/** The area that both keep over the area that either keeps; null when neither keeps anything. */
export function overlap(a: Kept, b: Kept): number | null {
  const across = overlaps(b.cols, a.cols);
  let both = 0;
  overlaps(b.rows, a.rows).forEach((down, row) => {
    across.forEach((along, col) => {
      if (!a.kept[row * a.cols + col]) return;
      for (const y of down) {
        for (const x of along) {
          if (b.kept[y.index * b.cols + x.index]) both += y.weight * x.weight;
        }
      }
    });
  });
  // In the overlaps' parts, a token of one grid is as large as the other grid has tokens.
  const either = count(a) * b.rows * b.cols + count(b) * a.rows * a.cols - both;
  return either > 0 ? both / either : null;
}

function count({ kept }: Kept): number {
  return kept.reduce((sum, token) => sum + (token ? 1 : 0), 0);
}
