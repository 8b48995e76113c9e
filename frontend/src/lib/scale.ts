/** Scales: from a raw value to its position between 0 and 1, and to its percentile. */

export type Range = readonly [low: number, high: number];

/** The smallest range that holds all of these; null when there is none. */
export function union(ranges: (Range | null)[]): Range | null {
  const known = ranges.filter((range): range is Range => range !== null);
  if (known.length === 0) return null;
  return [Math.min(...known.map(([low]) => low)), Math.max(...known.map(([, high]) => high))];
}

/** The smallest and the largest value, leaving out NaN and the tokens in `skip`. */
export function extent(values: Float32Array, skip: Uint8Array | null = null): Range | null {
  let low = Infinity;
  let high = -Infinity;
  values.forEach((value, i) => {
    if (Number.isNaN(value) || skip?.[i]) return;
    low = Math.min(low, value);
    high = Math.max(high, value);
  });
  return low <= high ? [low, high] : null;
}

/** The range around zero that a diverging scale needs, so that zero is its middle. */
export function symmetric([low, high]: Range): Range {
  const reach = Math.max(Math.abs(low), Math.abs(high));
  return [-reach, reach];
}

/** Where values lie on a range, 0 to 1 and clamped; NaN stays NaN, a range of one point is 0.5. */
export function positions(values: Float32Array, [low, high]: Range): Float32Array {
  const span = high - low;
  return values.map((value) => {
    if (Number.isNaN(value)) return NaN;
    return span > 0 ? Math.min(1, Math.max(0, (value - low) / span)) : 0.5;
  });
}

/** For each value, the share of the map's values that are not above it: 0 to 1, NaN stays NaN. */
export function percentiles(values: Float32Array): Float32Array {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  return values.map((value) =>
    Number.isNaN(value) ? NaN : countUpTo(sorted, value) / sorted.length,
  );
}

/**
 * Places on a scale around zero by rank: 0.5 is zero, and the share of values that are not larger in
 * size leads from there to either end.
 */
export function signedRanks(values: Float32Array): Float32Array {
  const ranks = percentiles(values.map(Math.abs));
  return ranks.map((rank, i) => 0.5 + (Math.sign(values[i]!) * rank) / 2);
}

function countUpTo(sorted: Float32Array, value: number): number {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (sorted[middle]! <= value) from = middle + 1;
    else to = middle;
  }
  return from;
}
