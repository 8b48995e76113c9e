/** A map as pixels: one for each token, or finer where it is smooth. */

import { paint } from "./colour";
import { smoothed, smoothFactor } from "./smooth";
import type { ColormapName } from "./types";

/** Places on a scale, as fine as they are drawn. */
export interface Places {
  values: Float32Array;
  cols: number;
}

export function drawnPlaces(
  places: Float32Array,
  rows: number,
  cols: number,
  smooth: boolean,
): Places {
  const factor = smooth ? smoothFactor(rows, cols) : 1;
  if (factor === 1) return { values: places, cols };
  return { values: smoothed(places, rows, cols, factor), cols: cols * factor };
}

export function drawn({ values, cols }: Places, colormap: ColormapName): ImageData {
  return new ImageData(paint(values, colormap), cols);
}
