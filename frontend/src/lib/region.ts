/** A box on the picture: what share of a map and of the kept tokens lies inside it. */

import type { Point } from "./viewport";

/** Left, top, right and bottom in normalised coordinates of the picture, 0 to 1. */
export type Region = readonly [x0: number, y0: number, x1: number, y1: number];

/** Shares of what lies inside a box, 0 to 1; null where there is nothing to have a share of. */
export interface Shares {
  relevance: number | null;
  kept: number | null;
  /** Of the picture itself: what the others would be by chance. */
  area: number;
}

/** The box between two corners, within the picture; null where it has no area. */
export function boxBetween(one: Point, other: Point): Region | null {
  const [x0, x1] = [bound(Math.min(one.x, other.x)), bound(Math.max(one.x, other.x))];
  const [y0, y1] = [bound(Math.min(one.y, other.y)), bound(Math.max(one.y, other.y))];
  return x0 < x1 && y0 < y1 ? [x0, y0, x1, y1] : null;
}

/** A square part of the picture's width and height around a point, moved to lie within it. */
export function boxAround(middle: Point, size: number): Region {
  const [x, y] = [start(middle.x, size), start(middle.y, size)];
  return [x, y, x + size, y + size];
}

function start(middle: number, size: number): number {
  return Math.min(1 - size, Math.max(0, middle - size / 2));
}

/** The box moved, as far as the picture goes: its size stays. */
export function moved([x0, y0, x1, y1]: Region, dx: number, dy: number): Region {
  const [byX, byY] = [within(dx, -x0, 1 - x1), within(dy, -y0, 1 - y1)];
  return [bound(x0 + byX), bound(y0 + byY), bound(x1 + byX), bound(y1 + byY)];
}

/** The box with its lower right corner moved, as far as the picture goes; it keeps at least `least`. */
export function resized([x0, y0, x1, y1]: Region, dx: number, dy: number, least: number): Region {
  const end = (from: number, to: number, by: number) =>
    by < 0 ? Math.min(to, Math.max(from + least, to + by)) : bound(to + by);
  return [x0, y0, end(x0, x1, dx), end(y0, y1, dy)];
}

/**
 * How much each token of a map counts: its value where that is above zero, or the size of any value
 * where the map runs both ways. What has no value and what is to be skipped counts nothing.
 */
export function weights(
  values: Float32Array,
  bothWays: boolean,
  skip: Uint8Array | null,
): Float32Array {
  return values.map((value, i) => {
    if (Number.isNaN(value) || skip?.[i]) return 0;
    return bothWays ? Math.abs(value) : Math.max(0, value);
  });
}

/** The share of the weights inside a box, each token by the part of it inside; null if they sum to 0. */
export function inside(
  weights: Float32Array | Uint8Array,
  rows: number,
  cols: number,
  [x0, y0, x1, y1]: Region,
): number | null {
  const across = parts(cols, x0, x1);
  const down = parts(rows, y0, y1);
  let [all, sum] = [0, 0];
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const weight = weights[row * cols + col]!;
      all += weight;
      sum += weight * down[row]! * across[col]!;
    }
  }
  return all > 0 ? sum / all : null;
}

export function area([x0, y0, x1, y1]: Region): number {
  return (x1 - x0) * (y1 - y0);
}

/** Of each of `count` equal pieces of a line, the part that lies between two places, 0 to 1. */
function parts(count: number, low: number, high: number): number[] {
  return Array.from({ length: count }, (_, at) =>
    Math.max(0, Math.min(at + 1, high * count) - Math.max(at, low * count)),
  );
}

function bound(at: number): number {
  return within(at, 0, 1);
}

function within(at: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, at));
}
