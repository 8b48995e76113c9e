/** Maps on token grids, of which no two need be alike. */

import { resample } from "./resample";

/** Values row by row; NaN is no value. */
export interface Grid {
  rows: number;
  cols: number;
  values: Float32Array;
}

/** A map's values on the grid of another, each weighted by the area it covers there. */
export function onGridOf(grid: Grid, other: Grid): Float32Array {
  if (grid.rows === other.rows && grid.cols === other.cols) return grid.values;
  return resample(grid.values, grid.rows, grid.cols, other.rows, other.cols);
}

/** What a map is more or less than another, on the other's grid; NaN where that is out of reach. */
export function minus(grid: Grid, other: Grid): Grid {
  const values = onGridOf(grid, other).map((value, i) => {
    const difference = Math.fround(value - other.values[i]!);
    return Number.isFinite(difference) ? difference : NaN;
  });
  return { rows: other.rows, cols: other.cols, values };
}

/** The mean of maps on one grid, of the values that are there. */
export function mean(grids: Grid[]): Grid {
  const [first, ...rest] = grids;
  if (!first || rest.length === 0) return first ?? { rows: 0, cols: 0, values: new Float32Array() };
  const values = first.values.map((_, i) => {
    const known = grids.map((grid) => grid.values[i]!).filter((value) => !Number.isNaN(value));
    return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : NaN;
  });
  return { rows: first.rows, cols: first.cols, values };
}
