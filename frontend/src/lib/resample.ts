/** Resampling: the values of one grid on another over the same picture. */

export interface Overlap {
  /** The source's cell under the target's, and how much of it is, in parts of `from · to`. */
  index: number;
  weight: number;
}

/** For each of `to` equal pieces of a line, which of its `from` equal pieces it overlaps. */
export function overlaps(from: number, to: number): Overlap[][] {
  return Array.from({ length: to }, (_, target) => {
    const pieces: Overlap[] = [];
    // Ends are counted in parts of from · to, where both grids' are whole numbers.
    const [low, high] = [target * from, (target + 1) * from];
    for (let index = Math.floor(low / to); index * to < high; index++) {
      const weight = Math.min(high, (index + 1) * to) - Math.max(low, index * to);
      pieces.push({ index, weight });
    }
    return pieces;
  });
}

/** The mean over each target cell, weighted by area; NaN is no value and does not count. */
export function resample(
  values: Float32Array,
  rows: number,
  cols: number,
  toRows: number,
  toCols: number,
): Float32Array {
  const across = overlaps(cols, toCols);
  const cells = overlaps(rows, toRows).flatMap((down) =>
    across.map((along) => mean(values, cols, down, along)),
  );
  return Float32Array.from(cells);
}

function mean(values: Float32Array, cols: number, down: Overlap[], along: Overlap[]): number {
  let sum = 0;
  let area = 0;
  for (const row of down) {
    for (const col of along) {
      const value = values[row.index * cols + col.index]!;
      if (Number.isNaN(value)) continue;
      sum += row.weight * col.weight * value;
      area += row.weight * col.weight;
    }
  }
  return sum / area;
}
